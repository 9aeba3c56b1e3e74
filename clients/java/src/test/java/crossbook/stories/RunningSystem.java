/*
 * The running Crossbook that is asked. CROSSBOOK_ADDRESSES names it, JSON such as {"tracker": "127.0.0.1:50051",
 * "aggregator": ..., "arbitrage": ..., "alerts": ...}; CROSSBOOK_VENUE is a known venue that has no tracker there.
 * Without them nothing is asked, and each test says so.
 */
package crossbook.stories;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import crossbook.client.Channels;
import crossbook.v1.AggregatorServiceGrpc;
import crossbook.v1.AggregatorServiceGrpc.AggregatorServiceBlockingStub;
import crossbook.v1.AlertServiceGrpc;
import crossbook.v1.AlertServiceGrpc.AlertServiceBlockingStub;
import crossbook.v1.Alerts.AlertChannel;
import crossbook.v1.Alerts.AlertRule;
import crossbook.v1.Alerts.ConsoleChannel;
import crossbook.v1.Alerts.CreateAlertRuleRequest;
import crossbook.v1.Alerts.DeleteAlertRuleRequest;
import crossbook.v1.ArbitrageServiceGrpc;
import crossbook.v1.ArbitrageServiceGrpc.ArbitrageServiceBlockingStub;
import io.grpc.ManagedChannel;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Channels to its services; closed with it. */
final class RunningSystem implements AutoCloseable {
    static final List<String> VENUES = List.of("binance", "okx");

    /** For machines under load; nothing here takes more than some seconds. */
    private static final int PATIENCE_SECONDS = 60;

    final Map<String, String> addresses = new TreeMap<>();
    final Map<String, ManagedChannel> channels = new TreeMap<>();
    final String venue = System.getenv("CROSSBOOK_VENUE");

    RunningSystem() throws InvalidProtocolBufferException {
        String named = System.getenv("CROSSBOOK_ADDRESSES");
        assumeTrue(named != null, "CROSSBOOK_ADDRESSES names no running system: make clients starts one");
        Struct.Builder read = Struct.newBuilder();
        JsonFormat.parser().merge(named, read);
        read.getFieldsMap().forEach((process, address) -> addresses.put(process, address.getStringValue()));
        addresses.forEach((process, address) -> channels.put(process, Channels.open(address)));
    }

    AggregatorServiceBlockingStub aggregator() {
        return AggregatorServiceGrpc.newBlockingStub(channels.get("aggregator"))
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    ArbitrageServiceBlockingStub arbitrage() {
        return ArbitrageServiceGrpc.newBlockingStub(channels.get("arbitrage"))
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    AlertServiceBlockingStub alerts() {
        return AlertServiceGrpc.newBlockingStub(channels.get("alerts"))
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Makes a rule that fires for every opportunity, and gives its name. */
    String rule(String id) {
        var console = ConsoleChannel.getDefaultInstance();
        var rule = AlertRule.newBuilder()
                .setDisplayName("From Java").setIsEnabled(true).setMinNotional(1)
                .setCooldown(com.google.protobuf.Duration.newBuilder().setSeconds(1))
                .addChannels(AlertChannel.newBuilder().setId("console").setConsole(console));
        var request = CreateAlertRuleRequest.newBuilder().setAlertRuleId(id).setAlertRule(rule).build();
        return alerts().createAlertRule(request).getAlertRule().getName();
    }

    void removeRule(String name) {
        alerts().deleteAlertRule(DeleteAlertRuleRequest.newBuilder().setName(name).build());
    }

    @Override
    public void close() {
        channels.values().forEach(ManagedChannel::shutdownNow);
    }
}
