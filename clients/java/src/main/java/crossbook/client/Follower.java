/* Following opportunities through lost connections and restarts of the service. */
package crossbook.client;

import crossbook.v1.Arbitrage.WatchOpportunitiesRequest;
import crossbook.v1.Arbitrage.WatchOpportunitiesResponse;
import crossbook.v1.ArbitrageServiceGrpc;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Tells every message of WatchOpportunities, and after a loss resumes behind the last event that was taken. Within
 * one process of the service no event is missed or told twice; another one tells some events again, by the same
 * opportunity ids.
 */
public final class Follower {
    /** Least and greatest time between two tries; the pauses double, and each is drawn from its upper half. */
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LAST_PAUSE = Duration.ofSeconds(5);

    private final ArbitrageServiceGrpc.ArbitrageServiceBlockingStub service;
    private final Consumer<Exception> lost;
    private WatchOpportunitiesRequest request;
    private Duration pause = FIRST_PAUSE;

    /**
     * The request's resume token says where it begins; whoever keeps the token of the last event it took may begin
     * there after a restart of its own. {@code lost} hears of each loss.
     */
    public Follower(Channel channel, WatchOpportunitiesRequest request, Consumer<Exception> lost) {
        this.service = ArbitrageServiceGrpc.newBlockingStub(channel).withWaitForReady();
        this.request = request;
        this.lost = lost;
    }

    /**
     * Follows until {@code handle} says false for a message, or throws.
     *
     * @throws ServiceException the service refuses the request for good
     * @throws InterruptedException the thread is interrupted
     */
    public void follow(Predicate<WatchOpportunitiesResponse> handle) throws InterruptedException {
        while (true) {
            Exception loss = new IllegalStateException("the service ended the stream"); // as it does when it stops
            Duration asked = Duration.ZERO;
            try {
                if (!watch(handle)) {
                    return;
                }
            } catch (StreamException broken) {
                ServiceException found = ServiceException.of(broken.status);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                if (found.isFinal()) {
                    throw found;
                }
                loss = found;
                asked = found.retryAfter().orElse(Duration.ZERO);
            }
            lost.accept(loss);
            rest(asked);
        }
    }

    /** One call; false once handle has had enough. */
    private boolean watch(Predicate<WatchOpportunitiesResponse> handle) {
        Context.CancellableContext call = Context.current().withCancellation();
        Context before = call.attach();
        try {
            Iterator<WatchOpportunitiesResponse> messages = service.watchOpportunities(request);
            while (hasNext(messages)) {
                WatchOpportunitiesResponse message = messages.next();
                pause = FIRST_PAUSE;
                if (!handle.test(message)) {
                    return false;
                }
                advance(message);
            }
            return true;
        } finally {
            call.detach(before);
            call.cancel(null);
        }
    }

    /** Apart from what handle may throw, which is not ours. */
    private static boolean hasNext(Iterator<?> messages) {
        try {
            return messages.hasNext();
        } catch (StatusRuntimeException broken) {
            throw new StreamException(broken);
        }
    }

    private void advance(WatchOpportunitiesResponse message) {
        int count = message.getEventsCount();
        if (count > 0) {
            request = request.toBuilder().setResumeToken(message.getEvents(count - 1).getResumeToken()).build();
        }
    }

    /** For what the server asks, where it asks, else between half of the pause and all of it. */
    private void rest(Duration asked) throws InterruptedException {
        long full = pause.toMillis();
        long drawn = full / 2 + ThreadLocalRandom.current().nextLong(full / 2);
        Thread.sleep(asked.compareTo(pause) > 0 ? asked.toMillis() : drawn);
        pause = pause.multipliedBy(2).compareTo(LAST_PAUSE) < 0 ? pause.multipliedBy(2) : LAST_PAUSE;
    }

    /** Marks what the stream broke of. */
    private static final class StreamException extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final transient StatusRuntimeException status;

        private StreamException(StatusRuntimeException status) {
            super(status);
            this.status = status;
        }
    }
}
