// Every streaming method that the running services list by reflection.

package stories

import (
	"context"
	"io"
	"testing"

	pb "crossbook/clients/go/crossbookv1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// streams has a story for each; a method that is new and has none fails the test.
var streams = map[string]func(*testing.T, context.Context, *system, string){
	"crossbook.v1.AggregatorService/IngestFacts":                    ingestFacts,
	"crossbook.v1.AggregatorService/IngestQuotes":                   ingestQuotes,
	"crossbook.v1.AggregatorService/SubscribeQuoteBatches":          subscribeQuoteBatches,
	"crossbook.v1.AggregatorService/WatchInstrumentFacts":           watchInstrumentFacts,
	"crossbook.v1.AggregatorService/WatchQuotes":                    watchQuotes,
	"crossbook.v1.AlertService/WatchAlerts":                         watchAlerts,
	"crossbook.v1.ArbitrageService/WatchOpportunities":              watchOpportunities,
	"crossbook.v1.ProcessService/WatchLog":                          watchLog,
	"grpc.health.v1.Health/Watch":                                   watchHealth,
	"grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": reflects,
}

// Each works from Go, in each process that has it.
func TestEveryStreamingMethod(t *testing.T) {
	t.Parallel()
	s := running(t)
	told := map[string]bool{}
	for process, connection := range s.connections {
		for _, method := range streamingMethods(t, within(t), connection) {
			t.Run(process+"/"+method, func(t *testing.T) {
				story, ok := streams[method]
				if !ok {
					t.Fatal("a streaming method without a story: write one in streams_test.go")
				}
				story(t, within(t), s, process)
			})
			told[method] = true
		}
	}
	if len(told) != len(streams) {
		t.Errorf("of %d stories only these have a method: %v", len(streams), told)
	}
}

// The first batch holds all that is known, columns of one length and a number for each symbol.
func subscribeQuoteBatches(t *testing.T, ctx context.Context, s *system, _ string) {
	filter := &pb.InstrumentFilter{Venues: venues, Assets: []string{"BTC", "ETH"}}
	stream, err := s.aggregator().SubscribeQuoteBatches(ctx, &pb.SubscribeQuoteBatchesRequest{Filter: filter})
	if err != nil {
		t.Fatal(err)
	}
	for sequence := uint64(1); sequence <= 20; sequence++ {
		message := received(t, stream)
		batch := message.GetBatch()
		rows := len(batch.GetSymbolIndex())
		if batch.GetSequence() != sequence || rows == 0 || len(batch.GetBid()) != rows || len(batch.GetState()) != rows {
			t.Fatalf("batch %d is %v", sequence, batch)
		}
		if sequence == 1 && len(batch.GetSymbols()) < len(venues)*len(filter.GetAssets()) {
			t.Fatalf("the first batch knows %v", batch.GetSymbols())
		}
	}
}

// Quotes come one by one, of the asset that was asked for.
func watchQuotes(t *testing.T, ctx context.Context, s *system, _ string) {
	request := &pb.WatchQuotesRequest{
		Filter: &pb.InstrumentFilter{Assets: []string{"BTC"}}, MinInterval: durationpb.New(0),
	}
	stream, err := s.aggregator().WatchQuotes(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		quote := received(t, stream).GetQuote()
		if quote.GetAsset() != "BTC" || quote.GetReceiveTime().GetSeconds() == 0 {
			t.Fatalf("told %v", quote)
		}
	}
}

// What is open comes first, then the word that all of it has been told.
func watchOpportunities(t *testing.T, ctx context.Context, s *system, _ string) {
	stream, err := s.arbitrage().WatchOpportunities(ctx, &pb.WatchOpportunitiesRequest{Venues: venues})
	if err != nil {
		t.Fatal(err)
	}
	for !received(t, stream).GetIsCaughtUp() {
	}
	for len(received(t, stream).GetEvents()) == 0 {
	}
}

// An alert of the rule that is watched comes as it fires.
func watchAlerts(t *testing.T, ctx context.Context, s *system, _ string) {
	name := ruled(t, ctx, s, "go-watched", pb.AlertTrigger_ALERT_TRIGGER_OPPORTUNITY)
	stream, err := s.alerts().WatchAlerts(ctx, &pb.WatchAlertsRequest{Rule: name})
	if err != nil {
		t.Fatal(err)
	}
	alert := received(t, stream).GetAlert()
	if alert.GetRule() != name || alert.GetOpportunity().GetId() == "" {
		t.Fatalf("told %v", alert)
	}
}

// All that is known comes first, of the asset that was asked for, then the word that it was all.
func watchInstrumentFacts(t *testing.T, ctx context.Context, s *system, _ string) {
	request := &pb.WatchInstrumentFactsRequest{Filter: &pb.InstrumentFilter{Venues: venues, Assets: []string{"BTC"}}}
	stream, err := s.aggregator().WatchInstrumentFacts(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for isComplete := false; !isComplete; {
		message := received(t, stream)
		for _, instrument := range message.GetInstruments() {
			if instrument.GetAsset() != "BTC" || len(instrument.GetFacts()) == 0 {
				t.Fatalf("told %v", instrument)
			}
			told++
		}
		isComplete = message.GetIsComplete()
	}
	if told < len(venues) {
		t.Fatalf("told of %d instruments", told)
	}
}

// A fact that is told is there for everybody, and the last known one when its stream is over.
func ingestFacts(t *testing.T, ctx context.Context, s *system, _ string) {
	stream, err := s.aggregator().IngestFacts(ctx)
	if err != nil {
		t.Fatal(err)
	}
	told := &pb.InstrumentFacts{Venue: s.venue, Symbol: symbol, Asset: "GOCOIN", Facts: []*pb.InstrumentFact{{
		Kind: pb.FactKind_FACT_KIND_MARK_PRICE, State: pb.FactState_FACT_STATE_KNOWN, Value: proto.Float64(1.5),
		Source: "go", ReceiveTime: timestamppb.Now(),
	}}}
	request := &pb.IngestFactsRequest{Venue: s.venue, Instruments: []*pb.InstrumentFacts{told}}
	if err := stream.Send(request); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != io.EOF {
		t.Fatalf("ended with %v", err)
	}
	query := &pb.ListInstrumentFactsRequest{Filter: &pb.InstrumentFilter{Venues: []string{s.venue}}}
	answer, err := s.aggregator().ListInstrumentFacts(ctx, query)
	if err != nil || len(answer.GetInstruments()) != 1 || answer.GetInstruments()[0].GetFacts()[0].GetValue() != 1.5 {
		t.Fatalf("read %v, %v", answer, err)
	}
}

// Its latest line comes at once.
func watchLog(t *testing.T, ctx context.Context, s *system, process string) {
	stream, err := pb.NewProcessServiceClient(s.connections[process]).WatchLog(ctx, &pb.WatchLogRequest{Lines: 1})
	if err != nil {
		t.Fatal(err)
	}
	if lines := received(t, stream).GetLines(); len(lines) == 0 || lines[0].GetEvent() == "" {
		t.Fatalf("told %v", lines)
	}
}

// The state now comes at once.
func watchHealth(t *testing.T, ctx context.Context, s *system, process string) {
	stream, err := grpc_health_v1.NewHealthClient(s.connections[process]).Watch(ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if state := received(t, stream).GetStatus(); state != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Fatalf("%s is %s", process, state)
	}
}

// It was asked for what is listed here.
func reflects(t *testing.T, ctx context.Context, s *system, process string) {
	if len(streamingMethods(t, ctx, s.connections[process])) == 0 {
		t.Fatal("nothing is listed")
	}
}

func received[M any](t *testing.T, stream grpc.ServerStreamingClient[M]) *M {
	t.Helper()
	message, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return message
}
