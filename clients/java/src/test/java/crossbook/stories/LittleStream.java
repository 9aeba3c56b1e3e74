/* A tracker in Java: a hello and a few batches of one instrument. */
package crossbook.stories;

import com.google.protobuf.ByteString;
import crossbook.v1.Aggregator.IngestHello;
import crossbook.v1.Aggregator.IngestQuotesRequest;
import crossbook.v1.Aggregator.IngestQuotesResponse;
import crossbook.v1.AggregatorServiceGrpc;
import crossbook.v1.Market.AssetClass;
import crossbook.v1.Market.BookState;
import crossbook.v1.Market.Instrument;
import crossbook.v1.Market.QuoteBatch;
import crossbook.v1.Market.SymbolEntry;
import java.util.ArrayList;
import java.util.List;

final class LittleStream {
    static final String SYMBOL = "JAVACOIN/USDT:USDT";
    static final int QUOTES = 3;
    static final long SECOND_NS = 1_000_000_000;

    final long startNs = (System.currentTimeMillis() / 1000 - 3) * SECOND_NS;
    private final RunningSystem system;

    LittleStream(RunningSystem system) {
        this.system = system;
    }

    /** The hello alone. */
    List<IngestQuotesRequest> opened() {
        var hello = IngestHello.newBuilder().setVenue(system.venue).setStreamId(id()).setOldestSequence(1);
        return List.of(IngestQuotesRequest.newBuilder().setHello(hello).build());
    }

    /** A hello, three batches with a quote each, and the end of their window. */
    List<IngestQuotesRequest> whole() {
        List<IngestQuotesRequest> messages = new ArrayList<>(opened());
        for (int sequence = 1; sequence <= QUOTES; sequence++) {
            messages.add(sent(quote(sequence)));
        }
        messages.add(sent(watermark(QUOTES + 1, startNs + SECOND_NS / 2)));
        messages.add(sent(watermark(QUOTES + 2, startNs + 2 * SECOND_NS)));
        return messages;
    }

    /** A hello, and a batch that leaves a hole. */
    List<IngestQuotesRequest> withAHole() {
        List<IngestQuotesRequest> messages = new ArrayList<>(opened());
        messages.add(sent(watermark(99, startNs)));
        return messages;
    }

    /** Sends them, says that it was all, and hears the server out. */
    List<IngestQuotesResponse> ingested(List<IngestQuotesRequest> messages) throws Exception {
        Answers<IngestQuotesResponse> answers = new Answers<>();
        var stream = AggregatorServiceGrpc.newStub(system.channels.get("aggregator")).ingestQuotes(answers);
        messages.forEach(stream::onNext);
        stream.onCompleted();
        return answers.all();
    }

    private String id() {
        return "java-" + startNs;
    }

    private QuoteBatch.Builder watermark(long sequence, long atNs) {
        return QuoteBatch.newBuilder()
                .setVenue(system.venue).setStreamId(id()).setSequence(sequence).setWatermarkNs(atNs);
    }

    /** Its bid is 100 and the sequence; the first introduces the instrument. */
    private QuoteBatch.Builder quote(int sequence) {
        long atNs = startNs + sequence * SECOND_NS / 10;
        QuoteBatch.Builder batch = watermark(sequence, atNs)
                .addSymbolIndex(0).addReceiveNs(atNs).addExchangeNs(0)
                .addBid(100 + sequence).addBidSize(1).addAsk(101 + sequence).addAskSize(1)
                .setState(ByteString.copyFrom(new byte[] {(byte) BookState.BOOK_STATE_LIVE_VALUE}));
        return sequence == 1 ? batch.addSymbols(SymbolEntry.newBuilder().setInstrument(instrument())) : batch;
    }

    private Instrument.Builder instrument() {
        return Instrument.newBuilder()
                .setVenue(system.venue).setSymbol(SYMBOL).setNativeSymbol("JAVACOINUSDT").setAsset("JAVACOIN")
                .setAssetScale(1).setQuoteCurrency("USDT").setSettleCurrency("USDT").setContractSize(1)
                .setAssetClass(AssetClass.ASSET_CLASS_COIN);
    }

    private static IngestQuotesRequest sent(QuoteBatch.Builder batch) {
        return IngestQuotesRequest.newBuilder().setBatch(batch).build();
    }
}
