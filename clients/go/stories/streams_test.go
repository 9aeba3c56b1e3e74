// Every streaming method that the running services list by reflection.

package stories

import (
	"context"
	"testing"

	pb "crossbook/clients/go/crossbookv1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/durationpb"
)

// streams has a story for each; a method that is new and has none fails the test.
var streams = map[string]func(*testing.T, context.Context, *system, string){
	"crossbook.v1.AggregatorService/IngestQuotes":                   ingestQuotes,
	"crossbook.v1.AggregatorService/SubscribeQuoteBatches":          subscribeQuoteBatches,
	"crossbook.v1.AggregatorService/WatchQuotes":                    watchQuotes,
	"crossbook.v1.AlertService/WatchAlerts":                         watchAlerts,
	"crossbook.v1.ArbitrageService/WatchOpportunities":              watchOpportunities,
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
