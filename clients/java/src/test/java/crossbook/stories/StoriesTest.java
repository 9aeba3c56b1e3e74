/* What people ask. */
package crossbook.stories;

import static crossbook.stories.RunningSystem.VENUES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import crossbook.client.Follower;
import crossbook.client.ServiceException;
import crossbook.client.ServiceException.Violation;
import crossbook.v1.Aggregator.ListSnapshotsRequest;
import crossbook.v1.Aggregator.WindowStats;
import crossbook.v1.Alerts.GetAlertRuleRequest;
import crossbook.v1.Arbitrage.ExplainSpreadRequest;
import crossbook.v1.Arbitrage.ListOpportunitiesRequest;
import crossbook.v1.Arbitrage.Opportunity;
import crossbook.v1.Arbitrage.OpportunityEvent;
import crossbook.v1.Arbitrage.WatchOpportunitiesRequest;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class StoriesTest {
    private static final int ENOUGH = 12;
    private static RunningSystem system;

    @BeforeAll
    static void dial() throws Exception {
        system = new RunningSystem();
    }

    @AfterAll
    static void close() {
        if (system != null) {
            system.close();
        }
    }

    /** Whoever asks for what pays now gets it, best first, with the numbers that make it up. */
    @Test
    void opportunitiesAreListed() throws Exception {
        var request = ListOpportunitiesRequest.newBuilder().addAllVenues(VENUES).build();
        List<Opportunity> found = system.arbitrage().listOpportunities(request).getOpportunitiesList();
        while (found.isEmpty()) {
            Thread.sleep(20);
            found = system.arbitrage().listOpportunities(request).getOpportunitiesList();
        }
        for (Opportunity one : found) {
            var costs = one.getCosts();
            double fees = costs.getEntryFeesPercent() + costs.getExitFeesPercent();
            assertEquals(costs.getGrossPercent() - fees, costs.getNetPercent(), 1e-9);
        }
        Comparator<Opportunity> byNet = Comparator.comparingDouble(one -> one.getCosts().getNetPercent());
        assertEquals(found.stream().sorted(byNet.reversed()).toList(), found);
    }

    /** A connection that is cut again and again tells the same events, in the same order, as one that never was. */
    @Test
    void aWatchResumesAfterALostConnection() throws Exception {
        Channel direct = system.channels.get("arbitrage");
        String start = afterwards(direct);
        List<String> pieces;
        try (CutWire wire = new CutWire(system.addresses.get("arbitrage"))) {
            pieces = told(wire.channel(), start, 3, wire::cut);
        }
        List<String> whole = told(direct, start, 0, () -> {});
        int count = Math.min(whole.size(), pieces.size());
        assertEquals(whole.subList(0, count), pieces.subList(0, count));
    }

    /** The token of the first event that is news. */
    private static String afterwards(Channel channel) throws InterruptedException {
        AtomicReference<String> token = new AtomicReference<>();
        AtomicReference<Boolean> isNews = new AtomicReference<>(false);
        new Follower(channel, WatchOpportunitiesRequest.getDefaultInstance(), loss -> {}).follow(message -> {
            if (isNews.get() && message.getEventsCount() > 0) {
                token.set(message.getEvents(0).getResumeToken());
                return false;
            }
            isNews.set(isNews.get() || message.getIsCaughtUp());
            return true;
        });
        return token.get();
    }

    /** The events behind the token until they are enough and the stream was lost so often; {@code then} after each message. */
    private static List<String> told(Channel channel, String token, int losses, Runnable then) throws Exception {
        List<String> events = new ArrayList<>();
        AtomicInteger wanted = new AtomicInteger(losses);
        var request = WatchOpportunitiesRequest.newBuilder().setResumeToken(token).build();
        new Follower(channel, request, loss -> wanted.decrementAndGet()).follow(message -> {
            message.getEventsList().stream().map(StoriesTest::described).forEach(events::add);
            boolean isEnough = events.size() >= ENOUGH && wanted.get() <= 0;
            if (!isEnough) {
                then.run();
            }
            return !isEnough;
        });
        return events;
    }

    private static String described(OpportunityEvent event) {
        var at = event.getEventTime();
        return event.getKind() + " " + event.getOpportunity().getId() + " " + at.getSeconds() + "." + at.getNanos();
    }

    /** A pair's numbers come with the verdict in words; a pair that cannot be is refused by the names of its fields. */
    @Test
    void aSpreadIsExplained() {
        var request = ExplainSpreadRequest.newBuilder().setAsset("BTC").setBuyVenue("okx").setSellVenue("binance");
        var answer = system.arbitrage().explainSpread(request.build());
        assertFalse(answer.getExplanation().isEmpty());
        assertTrue(answer.getOpportunity().getBuy().getPrice() > 0);
        var refused = refused(() -> system.arbitrage().explainSpread(request.setSellVenue("okx").build()));
        assertEquals(Status.Code.INVALID_ARGUMENT, refused.code());
        assertEquals(List.of("sell_venue"), refused.violations().stream().map(Violation::field).toList());
    }

    /** A rule is stored and read back as it was sent; its name is taken, then gone, and the errors say of what. */
    @Test
    void aRuleIsCreated() {
        String name = system.rule("java-created");
        var wanted = GetAlertRuleRequest.newBuilder().setName(name).build();
        var read = system.alerts().getAlertRule(wanted).getAlertRule();
        assertEquals(1, read.getMinNotional());
        assertFalse(read.getEtag().isEmpty());
        var again = refused(() -> system.rule("java-created"));
        assertEquals(Status.Code.ALREADY_EXISTS, again.code());
        assertEquals(Optional.of(name), again.resource());
        system.removeRule(name);
        var gone = refused(() -> system.alerts().getAlertRule(wanted));
        assertEquals(Status.Code.NOT_FOUND, gone.code());
        assertEquals(Optional.of(name), gone.resource());
    }

    private static ServiceException refused(Runnable call) {
        return ServiceException.of(assertThrows(StatusRuntimeException.class, call::run));
    }

    /** Pages of windows follow one another without a gap or a double row, and are those of one long page. */
    @Test
    void windowsAreRead() {
        var request = ListSnapshotsRequest.newBuilder().addAllVenues(VENUES).setPageSize(10);
        List<WindowStats> all = system.aggregator().listSnapshots(request.build()).getSnapshotsList();
        assertTrue(all.size() > 1);
        String token = "";
        for (WindowStats wanted : all) {
            var page = system.aggregator().listSnapshots(request.setPageSize(1).setPageToken(token).build());
            assertEquals(List.of(wanted), page.getSnapshotsList());
            token = page.getNextPageToken();
        }
    }
}
