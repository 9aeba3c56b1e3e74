/* Following a service that breaks off, refuses and comes back; a real server on a port of its own. */
package crossbook.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import crossbook.v1.Arbitrage.OpportunityEvent;
import crossbook.v1.Arbitrage.WatchOpportunitiesRequest;
import crossbook.v1.Arbitrage.WatchOpportunitiesResponse;
import crossbook.v1.ArbitrageServiceGrpc.ArbitrageServiceImplBase;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class FollowerTest {
    /** What one call is told, and how it ends. */
    private record Part(Status end, String... tokens) {}

    /** Answers each call with the next part, and keeps the tokens that it was asked with. */
    private static final class Script extends ArbitrageServiceImplBase {
        private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
        private final Iterator<Part> parts;

        Script(Part... parts) {
            this.parts = Arrays.asList(parts).iterator();
        }

        @Override
        public void watchOpportunities(
                WatchOpportunitiesRequest request, StreamObserver<WatchOpportunitiesResponse> answers) {
            asked.add(request.getResumeToken());
            Part now = parts.next();
            for (String token : now.tokens) {
                var event = OpportunityEvent.newBuilder().setResumeToken(token);
                answers.onNext(WatchOpportunitiesResponse.newBuilder().addEvents(event).build());
            }
            if (now.end.isOk()) {
                answers.onCompleted();
            } else {
                answers.onError(now.end.asException());
            }
        }
    }

    private static void follow(Script script, String from, Predicate<WatchOpportunitiesResponse> handle)
            throws Exception {
        var anyPort = new InetSocketAddress("127.0.0.1", 0);
        Server server = NettyServerBuilder.forAddress(anyPort).addService(script).build().start();
        ManagedChannel channel = Channels.open("127.0.0.1:" + server.getPort());
        try {
            var request = WatchOpportunitiesRequest.newBuilder().setResumeToken(from).build();
            new Follower(channel, request, loss -> {}).follow(handle);
        } finally {
            channel.shutdownNow();
            server.shutdownNow();
        }
    }

    /** What was told until the token "end". */
    private static List<String> told(Script script, String from) throws Exception {
        List<String> told = new ArrayList<>();
        follow(script, from, message -> {
            told.add(message.getEvents(0).getResumeToken());
            return !told.contains("end");
        });
        return told;
    }

    /** It resumes behind the last event, whether the stream broke or was ended, and when nothing came meanwhile. */
    @Test
    void itResumesBehindTheLastEvent() throws Exception {
        Script script = new Script(
                new Part(Status.UNAVAILABLE, "a", "b"), new Part(Status.OK, "c"), new Part(Status.INTERNAL),
                new Part(Status.OK, "end"));
        assertEquals(List.of("a", "b", "c", "end"), told(script, ""));
        assertEquals(List.of("", "b", "c", "c"), script.asked);
    }

    /** A kept place is where it begins. */
    @Test
    void itBeginsWhereItIsTold() throws Exception {
        Script script = new Script(new Part(Status.OK, "end"));
        assertEquals(List.of("end"), told(script, "kept"));
        assertEquals(List.of("kept"), script.asked);
    }

    /** A refusal for good is thrown and not asked again. */
    @Test
    void aRefusalEndsIt() {
        Script script = new Script(new Part(Status.INVALID_ARGUMENT));
        var thrown = assertThrows(ServiceException.class, () -> told(script, "bad"));
        assertEquals(Status.Code.INVALID_ARGUMENT, thrown.code());
        assertEquals(List.of("bad"), script.asked);
    }

    /** What the handler throws comes out as it is, even where it looks like a lost stream. */
    @Test
    void theHandlersOwnFailureEndsIt() {
        var own = Status.UNAVAILABLE.asRuntimeException();
        Script script = new Script(new Part(Status.OK, "a"));
        var thrown = assertThrows(RuntimeException.class, () -> follow(script, "", message -> {
            throw own;
        }));
        assertEquals(own, thrown);
    }

    /** An interrupt ends it while it waits for a service that is away. */
    @Test
    void anInterruptEndsIt() {
        ManagedChannel channel = Channels.open("127.0.0.1:1");
        Thread.currentThread().interrupt();
        var follower = new Follower(channel, WatchOpportunitiesRequest.getDefaultInstance(), loss -> {});
        assertThrows(InterruptedException.class, () -> follower.follow(message -> true));
        channel.shutdownNow();
    }
}
