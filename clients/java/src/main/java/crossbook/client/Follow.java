/*
 * Follows opportunities as they open and close, and survives restarts of the service without missing or repeating one.
 *
 *     Follow [TARGET [FILE]]
 *
 * TARGET is the arbitrage service's address, 127.0.0.1:50053 by default. With FILE the place is kept there, and the
 * next run resumes at it.
 */
package crossbook.client;

import crossbook.v1.Arbitrage.Leg;
import crossbook.v1.Arbitrage.Opportunity;
import crossbook.v1.Arbitrage.OpportunityEvent;
import crossbook.v1.Arbitrage.WatchOpportunitiesRequest;
import crossbook.v1.Arbitrage.WatchOpportunitiesResponse;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.function.Consumer;

/** The command. */
public final class Follow {
    private final Path place;

    private Follow(Path place) {
        this.place = place;
    }

    /** Runs until it is interrupted, or the service refuses. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        String target = arguments.length > 0 ? arguments[0] : "127.0.0.1:50053";
        Follow command = new Follow(arguments.length > 1 ? Path.of(arguments[1]) : null);
        ManagedChannel channel = Channels.open(target);
        try {
            WatchOpportunitiesRequest request =
                    WatchOpportunitiesRequest.newBuilder().setResumeToken(command.kept()).build();
            Consumer<Exception> lost = loss -> System.err.println(target + ": " + loss.getMessage() + ", trying again");
            new Follower(channel, request, lost).follow(command::tell);
        } finally {
            channel.shutdownNow();
        }
    }

    private boolean tell(WatchOpportunitiesResponse message) {
        for (OpportunityEvent event : message.getEventsList()) {
            System.out.println(describe(event));
            keep(event.getResumeToken());
        }
        return true;
    }

    private static String describe(OpportunityEvent event) {
        Opportunity found = event.getOpportunity();
        Leg buy = found.getBuy();
        Leg sell = found.getSell();
        return String.format(
                Locale.ROOT, "%-8s%-8sbuy %s at %s, sell %s at %s: net %.3f %% on %.0f",
                event.getKind().name().replace("OPPORTUNITY_EVENT_KIND_", ""), found.getAsset(),
                buy.getVenue(), buy.getPrice(), sell.getVenue(), sell.getPrice(),
                found.getCosts().getNetPercent(), found.getExecutableNotional());
    }

    private String kept() throws IOException {
        return place != null && Files.exists(place) ? Files.readString(place).strip() : "";
    }

    /** Beside the old place and then over it, so that a crash leaves one of the two. */
    private void keep(String token) {
        if (place == null) {
            return;
        }
        try {
            Path fresh = place.resolveSibling(place.getFileName() + ".new");
            Files.writeString(fresh, token + "\n");
            Files.move(fresh, place, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
