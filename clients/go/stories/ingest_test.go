// A tracker in Go: a little stream of batches, acknowledged when its windows are committed.

package stories

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"crossbook/clients/go"
	pb "crossbook/clients/go/crossbookv1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	symbol = "GOCOIN/USDT:USDT"
	quotes = 3
)

// Five batches of one instrument, three with a quote each, the last with a watermark behind the window: it is told
// from where to send, then that all is committed, and the window is there to be read. A stream that breaks the rules
// is told why.
func ingestQuotes(t *testing.T, ctx context.Context, s *system, _ string) {
	start := time.Now().Truncate(time.Second).Add(-3 * time.Second)
	stream := fmt.Sprintf("go-%d", start.UnixNano())
	if next, _, err := ingested(ctx, s, hello(s, stream)); err != nil || next != 1 {
		t.Fatalf("wanted from %d on, %v", next, err)
	}
	messages := []*pb.IngestQuotesRequest{hello(s, stream)}
	for sequence := uint64(1); sequence <= quotes; sequence++ {
		messages = append(messages, batch(s, stream, sequence, start.Add(time.Duration(sequence)*100*time.Millisecond)))
	}
	messages = append(messages, watermark(s, stream, quotes+1, start.Add(500*time.Millisecond)))
	messages = append(messages, watermark(s, stream, quotes+2, start.Add(2*time.Second)))
	next, committed, err := ingested(ctx, s, messages...)
	if err != nil || next != 1 || committed < quotes {
		t.Fatalf("wanted from %d on, committed up to %d, %v", next, committed, err)
	}
	assertWindow(t, ctx, s, start)
	_, _, err = ingested(ctx, s, hello(s, stream), batch(s, stream, 99, start))
	if found := crossbook.ErrorOf(err); found == nil || found.Code != codes.Aborted || found.Message == "" {
		t.Fatalf("a hole was answered with %v", err)
	}
}

func assertWindow(t *testing.T, ctx context.Context, s *system, start time.Time) {
	t.Helper()
	answer, err := s.aggregator().ListSnapshots(ctx, &pb.ListSnapshotsRequest{
		Venues: []string{s.venue}, Symbols: []string{symbol},
		FromTime: timestamppb.New(start), ToTime: timestamppb.New(start.Add(time.Second)),
	})
	if err != nil || len(answer.GetSnapshots()) != 1 {
		t.Fatalf("read %v, %v", answer, err)
	}
	window := answer.GetSnapshots()[0]
	if window.GetTickCount() != quotes || window.GetMinBid() != 101 || window.GetMaxBid() != 103 {
		t.Fatalf("read %v", window)
	}
}

// ingested sends all, says that it was all, and hears the server out.
func ingested(ctx context.Context, s *system, messages ...*pb.IngestQuotesRequest) (next, committed uint64, err error) {
	stream, err := s.aggregator().IngestQuotes(ctx)
	if err != nil {
		return 0, 0, err
	}
	for _, message := range messages {
		if err := stream.Send(message); err != nil && !errors.Is(err, io.EOF) { // of an EOF Recv tells the reason
			return 0, 0, err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return 0, 0, err
	}
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return next, committed, nil
		}
		if err != nil {
			return next, committed, err
		}
		if resume := answer.GetResume(); resume != nil {
			next = resume.GetNextSequence()
		}
		committed = max(committed, answer.GetAcknowledgement().GetCommittedSequence())
	}
}

func hello(s *system, stream string) *pb.IngestQuotesRequest {
	return &pb.IngestQuotesRequest{Message: &pb.IngestQuotesRequest_Hello{
		Hello: &pb.IngestHello{Venue: s.venue, StreamId: stream, OldestSequence: 1},
	}}
}

func watermark(s *system, stream string, sequence uint64, at time.Time) *pb.IngestQuotesRequest {
	return &pb.IngestQuotesRequest{Message: &pb.IngestQuotesRequest_Batch{
		Batch: &pb.QuoteBatch{Venue: s.venue, StreamId: stream, Sequence: sequence, WatermarkNs: at.UnixNano()},
	}}
}

// batch has one quote, whose bid is 100 and the sequence; the first introduces the instrument.
func batch(s *system, stream string, sequence uint64, at time.Time) *pb.IngestQuotesRequest {
	request := watermark(s, stream, sequence, at)
	made := request.GetBatch()
	if sequence == 1 {
		made.Symbols = []*pb.SymbolEntry{{Index: 0, Instrument: &pb.Instrument{
			Venue: s.venue, Symbol: symbol, NativeSymbol: "GOCOINUSDT", Asset: "GOCOIN", AssetScale: 1, QuoteCurrency: "USDT",
			SettleCurrency: "USDT", ContractSize: 1, AssetClass: pb.AssetClass_ASSET_CLASS_COIN,
		}}}
	}
	bid := 100 + float64(sequence)
	made.SymbolIndex, made.ReceiveNs, made.ExchangeNs = []uint32{0}, []int64{at.UnixNano()}, []int64{0}
	made.Bid, made.BidSize, made.Ask, made.AskSize = []float64{bid}, []float64{1}, []float64{bid + 1}, []float64{1}
	made.State = []byte{byte(pb.BookState_BOOK_STATE_LIVE)}
	return request
}
