/* Every streaming method that the running services list by reflection. */
package crossbook.stories;

import static crossbook.stories.RunningSystem.VENUES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import crossbook.v1.Aggregator.IngestFactsRequest;
import crossbook.v1.Aggregator.IngestFactsResponse;
import crossbook.v1.Aggregator.InstrumentFilter;
import crossbook.v1.Aggregator.ListInstrumentFactsRequest;
import crossbook.v1.Aggregator.ListSnapshotsRequest;
import crossbook.v1.Aggregator.SubscribeQuoteBatchesRequest;
import crossbook.v1.Aggregator.WatchInstrumentFactsRequest;
import crossbook.v1.Aggregator.WatchQuotesRequest;
import crossbook.v1.AggregatorServiceGrpc;
import crossbook.v1.Alerts.WatchAlertsRequest;
import crossbook.v1.Arbitrage.WatchOpportunitiesRequest;
import crossbook.v1.Facts.FactKind;
import crossbook.v1.Facts.FactState;
import crossbook.v1.Facts.InstrumentFact;
import crossbook.v1.Facts.InstrumentFacts;
import crossbook.v1.Process.WatchLogRequest;
import crossbook.v1.ProcessServiceGrpc;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class StreamsTest {
    private interface Story {
        void tell(RunningSystem system, String process) throws Exception;
    }

    /** A story for each; a method that is new and has none fails the test. */
    private static final Map<String, Story> STORIES = Map.of(
            "crossbook.v1.AggregatorService/IngestFacts", StreamsTest::ingestFacts,
            "crossbook.v1.AggregatorService/IngestQuotes", StreamsTest::ingestQuotes,
            "crossbook.v1.AggregatorService/SubscribeQuoteBatches", StreamsTest::subscribeQuoteBatches,
            "crossbook.v1.AggregatorService/WatchInstrumentFacts", StreamsTest::watchInstrumentFacts,
            "crossbook.v1.AggregatorService/WatchQuotes", StreamsTest::watchQuotes,
            "crossbook.v1.AlertService/WatchAlerts", StreamsTest::watchAlerts,
            "crossbook.v1.ArbitrageService/WatchOpportunities", StreamsTest::watchOpportunities,
            "crossbook.v1.ProcessService/WatchLog", StreamsTest::watchLog,
            "grpc.health.v1.Health/Watch", StreamsTest::watchHealth,
            "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", StreamsTest::reflects);

    /** Each works from Java, in each process that has it. */
    @Test
    void everyStreamingMethod() throws Exception {
        Set<String> told = new HashSet<>();
        try (RunningSystem system = new RunningSystem()) {
            for (String process : system.channels.keySet()) {
                for (String method : Reflection.streamingMethods(system.channels.get(process))) {
                    Story story = STORIES.get(method);
                    assertNotNull(story, method + " streams and has no story: write one in StreamsTest");
                    tell(story, system, process);
                    told.add(method);
                }
            }
        }
        assertEquals(STORIES.keySet(), told);
    }

    /** A stream without an end is left when its story is over. */
    private static void tell(Story story, RunningSystem system, String process) throws Exception {
        Context.CancellableContext call = Context.current().withCancellation();
        Context before = call.attach();
        try {
            story.tell(system, process);
        } finally {
            call.detach(before);
            call.cancel(null);
        }
    }

    /** It is told from where to send, then that all is committed; the window can be read; a hole is refused. */
    private static void ingestQuotes(RunningSystem system, String process) throws Exception {
        LittleStream stream = new LittleStream(system);
        assertEquals(1, stream.ingested(stream.opened()).get(0).getResume().getNextSequence());
        var answers = stream.ingested(stream.whole());
        assertEquals(1, answers.get(0).getResume().getNextSequence());
        var last = answers.get(answers.size() - 1).getAcknowledgement();
        assertTrue(last.getCommittedSequence() >= LittleStream.QUOTES, "committed " + last);
        long second = stream.startNs / LittleStream.SECOND_NS;
        var request = ListSnapshotsRequest.newBuilder()
                .addVenues(system.venue).addSymbols(LittleStream.SYMBOL)
                .setFromTime(Timestamp.newBuilder().setSeconds(second))
                .setToTime(Timestamp.newBuilder().setSeconds(second + 1)).build();
        var windows = system.aggregator().listSnapshots(request).getSnapshotsList();
        assertEquals(1, windows.size());
        assertEquals(LittleStream.QUOTES, windows.get(0).getTickCount());
        assertEquals(103, windows.get(0).getMaxBid());
        var hole = assertThrows(StatusRuntimeException.class, () -> stream.ingested(stream.withAHole()));
        assertEquals(Status.Code.ABORTED, hole.getStatus().getCode());
    }

    /** The first batch holds all that is known, columns of one length and a number for each symbol. */
    private static void subscribeQuoteBatches(RunningSystem system, String process) {
        var filter = InstrumentFilter.newBuilder().addAllVenues(VENUES).addAssets("BTC").addAssets("ETH");
        var request = SubscribeQuoteBatchesRequest.newBuilder().setFilter(filter).build();
        var messages = system.aggregator().subscribeQuoteBatches(request);
        for (int sequence = 1; sequence <= 20; sequence++) {
            var batch = messages.next().getBatch();
            assertEquals(sequence, batch.getSequence());
            assertTrue(batch.getBidCount() > 0);
            assertEquals(batch.getSymbolIndexCount(), batch.getBidCount());
            assertEquals(batch.getSymbolIndexCount(), batch.getState().size());
            assertTrue(sequence > 1 || batch.getSymbolsCount() >= 4, "the first batch knows " + batch.getSymbolsList());
        }
    }

    /** Quotes come one by one, of the asset that was asked for. */
    private static void watchQuotes(RunningSystem system, String process) {
        var request = WatchQuotesRequest.newBuilder()
                .setFilter(InstrumentFilter.newBuilder().addAssets("BTC"))
                .setMinInterval(Duration.getDefaultInstance());
        var messages = system.aggregator().watchQuotes(request.build());
        for (int count = 0; count < 20; count++) {
            var quote = messages.next().getQuote();
            assertEquals("BTC", quote.getAsset());
            assertTrue(quote.hasReceiveTime());
        }
    }

    /** What is open comes first, then the word that all of it has been told, then news. */
    private static void watchOpportunities(RunningSystem system, String process) {
        var request = WatchOpportunitiesRequest.newBuilder().addAllVenues(VENUES).build();
        var messages = system.arbitrage().watchOpportunities(request);
        boolean isCaughtUp = false;
        while (!isCaughtUp) {
            isCaughtUp = messages.next().getIsCaughtUp();
        }
        int news = 0;
        while (news == 0) {
            news = messages.next().getEventsCount();
        }
    }

    /** An alert of the rule that is watched comes as it fires. */
    private static void watchAlerts(RunningSystem system, String process) {
        String name = system.rule("java-watched");
        var request = WatchAlertsRequest.newBuilder().setRule(name).build();
        var alert = system.alerts().watchAlerts(request).next().getAlert();
        system.removeRule(name);
        assertEquals(name, alert.getRule());
        assertFalse(alert.getOpportunity().getId().isEmpty());
    }

    /** All that is known comes first, of the asset that was asked for, then the word that it was all. */
    private static void watchInstrumentFacts(RunningSystem system, String process) {
        var filter = InstrumentFilter.newBuilder().addAllVenues(VENUES).addAssets("BTC");
        var request = WatchInstrumentFactsRequest.newBuilder().setFilter(filter).build();
        var messages = system.aggregator().watchInstrumentFacts(request);
        int told = 0;
        boolean isComplete = false;
        while (!isComplete) {
            var message = messages.next();
            for (var instrument : message.getInstrumentsList()) {
                assertEquals("BTC", instrument.getAsset());
                assertTrue(instrument.getFactsCount() > 0);
                told++;
            }
            isComplete = message.getIsComplete();
        }
        assertTrue(told >= 2, "told of " + told);
    }

    /** A fact that is told is there for everybody, and the last known one when its stream is over. */
    private static void ingestFacts(RunningSystem system, String process) throws Exception {
        var fact = InstrumentFact.newBuilder()
                .setKind(FactKind.FACT_KIND_MARK_PRICE).setState(FactState.FACT_STATE_KNOWN).setValue(1.5)
                .setSource("java").setReceiveTime(Timestamp.newBuilder().setSeconds(Instant.now().getEpochSecond()));
        var told = InstrumentFacts.newBuilder()
                .setVenue(system.venue).setSymbol(LittleStream.SYMBOL).setAsset("JAVACOIN").addFacts(fact);
        Answers<IngestFactsResponse> answers = new Answers<>();
        var stream = AggregatorServiceGrpc.newStub(system.channels.get("aggregator")).ingestFacts(answers);
        stream.onNext(IngestFactsRequest.newBuilder().setVenue(system.venue).addInstruments(told).build());
        stream.onCompleted();
        assertEquals(1, answers.all().size());
        var filter = InstrumentFilter.newBuilder().addVenues(system.venue);
        var query = ListInstrumentFactsRequest.newBuilder().setFilter(filter).build();
        var found = system.aggregator().listInstrumentFacts(query).getInstrumentsList();
        assertEquals(1, found.size());
        assertEquals(1.5, found.get(0).getFacts(0).getValue());
    }

    /** Its latest line comes at once. */
    private static void watchLog(RunningSystem system, String process) {
        var log = ProcessServiceGrpc.newBlockingStub(system.channels.get(process));
        var message = log.watchLog(WatchLogRequest.newBuilder().setLines(1).build()).next();
        assertFalse(message.getLinesList().isEmpty());
        assertFalse(message.getLines(0).getEvent().isEmpty());
    }

    /** The state now comes at once. */
    private static void watchHealth(RunningSystem system, String process) {
        var health = HealthGrpc.newBlockingStub(system.channels.get(process));
        var state = health.watch(HealthCheckRequest.getDefaultInstance()).next().getStatus();
        assertEquals(ServingStatus.SERVING, state);
    }

    /** It was asked for what is listed here. */
    private static void reflects(RunningSystem system, String process) throws Exception {
        assertFalse(Reflection.streamingMethods(system.channels.get(process)).isEmpty());
    }
}
