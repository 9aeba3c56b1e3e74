/* The answers of a stream that ends, waited for. */
package crossbook.stories;

import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

final class Answers<M> implements StreamObserver<M> {
    private final List<M> received = new ArrayList<>();
    private final CompletableFuture<List<M>> ended = new CompletableFuture<>();

    @Override
    public void onNext(M message) {
        received.add(message);
    }

    @Override
    public void onError(Throwable thrown) {
        ended.completeExceptionally(thrown);
    }

    @Override
    public void onCompleted() {
        ended.complete(received);
    }

    /** All of them, once the server has said that these were all. */
    List<M> all() throws Exception {
        try {
            return ended.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw (Exception) failed.getCause();
        }
    }
}
