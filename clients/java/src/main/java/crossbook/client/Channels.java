/* How a Crossbook server is dialled. */
package crossbook.client;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.TimeUnit;

/** Gives channels; whoever asks for one shuts it down. */
public final class Channels {
    /** The largest answer that a server gives: a batch of quotes may be that large, grpc's default is a quarter. */
    private static final int MAX_MESSAGE_BYTES = 16 << 20;

    private Channels() {}

    /**
     * A channel to host:port, which dials when it is first used and again whenever it is lost. A peer that has died
     * is noticed within 15 seconds, streams that are silent included.
     */
    public static ManagedChannel open(String target) {
        return NettyChannelBuilder.forTarget(target)
                .usePlaintext()
                .keepAliveTime(10, TimeUnit.SECONDS)
                .keepAliveTimeout(5, TimeUnit.SECONDS)
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .build();
    }
}
