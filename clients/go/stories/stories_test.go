// What people ask.

package stories

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"crossbook/clients/go"
	pb "crossbook/clients/go/crossbookv1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

var venues = []string{"binance", "okx"}

// Whoever asks for what pays now gets it, best first, with the numbers that make it up.
func TestOpportunitiesAreListed(t *testing.T) {
	t.Parallel()
	s, ctx := running(t), within(t)
	request := &pb.ListOpportunitiesRequest{Venues: venues}
	eventually(t, ctx, func() (bool, error) {
		answer, err := s.arbitrage().ListOpportunities(ctx, request)
		found := answer.GetOpportunities()
		for _, one := range found {
			costs := one.GetCosts()
			fees := costs.GetEntryFeesPercent() + costs.GetExitFeesPercent()
			if difference := costs.GetGrossPercent() - fees - costs.GetNetPercent(); difference*difference > 1e-18 {
				return false, fmt.Errorf("net is not gross less fees: %v", one)
			}
		}
		isSorted := slices.IsSortedFunc(found, func(one, next *pb.Opportunity) int {
			return -int((one.GetCosts().GetNetPercent() - next.GetCosts().GetNetPercent()) * 1e9)
		})
		if !isSorted {
			return false, fmt.Errorf("not by profit: %v", found)
		}
		return len(found) > 0, err
	})
}

// A connection that is cut again and again tells the same events, in the same order, as one that never was.
func TestAWatchResumesAfterALostConnection(t *testing.T) {
	t.Parallel()
	s, ctx := running(t), within(t)
	start := afterwards(t, ctx, s.arbitrage())
	cutting := &wires{}
	connection := dialled(t, s.connections["arbitrage"].Target(), grpc.WithContextDialer(cutting.dial))
	pieces := told(t, ctx, pb.NewArbitrageServiceClient(connection), start, 3, cutting.cut)
	whole := told(t, ctx, s.arbitrage(), start, 0, func() {})
	count := min(len(whole), len(pieces))
	if !slices.Equal(whole[:count], pieces[:count]) {
		t.Fatalf("without a cut:\n%v\nwith cuts:\n%v", whole, pieces)
	}
}

// afterwards is the token of the first event that is news.
func afterwards(t *testing.T, ctx context.Context, client pb.ArbitrageServiceClient) (token string) {
	t.Helper()
	isNews := false
	err := crossbook.Follow(ctx, client, &pb.WatchOpportunitiesRequest{}, func(m *pb.WatchOpportunitiesResponse) error {
		if isNews && len(m.GetEvents()) > 0 {
			token = m.GetEvents()[0].GetResumeToken()
			return errEnough
		}
		isNews = isNews || m.GetIsCaughtUp()
		return nil
	}, nil)
	if !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	return token
}

var errEnough = errors.New("enough")

// told gives the events behind the token until there are enough and the stream was lost so many times; `then` is
// called after each message.
func told(
	t *testing.T, ctx context.Context, client pb.ArbitrageServiceClient, token string, losses int, then func(),
) (events []string) {
	t.Helper()
	const enough = 12
	request := &pb.WatchOpportunitiesRequest{ResumeToken: token}
	err := crossbook.Follow(ctx, client, request, func(m *pb.WatchOpportunitiesResponse) error {
		for _, event := range m.GetEvents() {
			id, at := event.GetOpportunity().GetId(), event.GetEventTime().AsTime()
			events = append(events, fmt.Sprintf("%s %s %d", event.GetKind(), id, at.UnixNano()))
		}
		if len(events) >= enough && losses <= 0 {
			return errEnough
		}
		then()
		return nil
	}, func(error) { losses-- })
	if !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	return events
}

// A pair's numbers come with the verdict in words; a pair that cannot be is refused by the names of its fields.
func TestASpreadIsExplained(t *testing.T) {
	t.Parallel()
	s, ctx := running(t), within(t)
	request := &pb.ExplainSpreadRequest{Asset: "BTC", BuyVenue: "okx", SellVenue: "binance"}
	answer, err := s.arbitrage().ExplainSpread(ctx, request)
	if err != nil || answer.GetExplanation() == "" || answer.GetOpportunity().GetBuy().GetPrice() <= 0 {
		t.Fatalf("answered %v, %v", answer, err)
	}
	_, err = s.arbitrage().ExplainSpread(ctx, &pb.ExplainSpreadRequest{Asset: "BTC", BuyVenue: "okx", SellVenue: "okx"})
	found := crossbook.ErrorOf(err)
	if found == nil || found.Code != codes.InvalidArgument || len(found.Violations) != 1 ||
		found.Violations[0].Field != "sell_venue" || found.Violations[0].Description == "" {
		t.Fatalf("refused with %+v", found)
	}
}

// A rule is stored and read back as it was sent; its name is taken, then gone, and the errors say of what.
func TestARuleIsCreated(t *testing.T) {
	t.Parallel()
	s, ctx := running(t), within(t)
	name := ruled(t, ctx, s, "go-created", pb.AlertTrigger_ALERT_TRIGGER_OPPORTUNITY)
	read, err := s.alerts().GetAlertRule(ctx, &pb.GetAlertRuleRequest{Name: name})
	if err != nil || read.GetAlertRule().GetMinNotional() != 1 || read.GetAlertRule().GetEtag() == "" {
		t.Fatalf("read %v, %v", read, err)
	}
	again := &pb.CreateAlertRuleRequest{AlertRuleId: "go-created", AlertRule: rule(pb.AlertTrigger_ALERT_TRIGGER_SNAPSHOT)}
	_, err = s.alerts().CreateAlertRule(ctx, again)
	if found := crossbook.ErrorOf(err); found == nil || found.Code != codes.AlreadyExists || found.Resource != name {
		t.Fatalf("created twice: %+v", found)
	}
	if _, err := s.alerts().DeleteAlertRule(ctx, &pb.DeleteAlertRuleRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
	_, err = s.alerts().GetAlertRule(ctx, &pb.GetAlertRuleRequest{Name: name})
	if found := crossbook.ErrorOf(err); found == nil || found.Code != codes.NotFound || found.Resource != name {
		t.Fatalf("deleted: %+v", found)
	}
}

// ruled makes a rule and removes it with the test; it gives its name.
func ruled(t *testing.T, ctx context.Context, s *system, id string, trigger pb.AlertTrigger) string {
	t.Helper()
	created, err := s.alerts().CreateAlertRule(ctx, &pb.CreateAlertRuleRequest{AlertRuleId: id, AlertRule: rule(trigger)})
	if err != nil {
		t.Fatal(err)
	}
	name := created.GetAlertRule().GetName()
	t.Cleanup(func() {
		_, _ = s.alerts().DeleteAlertRule(context.Background(), &pb.DeleteAlertRuleRequest{Name: name})
	})
	return name
}

func rule(trigger pb.AlertTrigger) *pb.AlertRule {
	console := &pb.AlertChannel_Console{Console: &pb.ConsoleChannel{}}
	return &pb.AlertRule{
		DisplayName: "From Go", IsEnabled: true, Trigger: trigger, MinNotional: proto.Float64(1),
		Cooldown: durationpb.New(time.Second), Channels: []*pb.AlertChannel{{Id: "console", Kind: console}},
	}
}

// Pages of windows follow one another without a gap or a double row, and are those of one long page.
func TestWindowsAreRead(t *testing.T) {
	t.Parallel()
	s, ctx := running(t), within(t)
	all, err := s.aggregator().ListSnapshots(ctx, &pb.ListSnapshotsRequest{Venues: venues, PageSize: 10})
	if err != nil || len(all.GetSnapshots()) < 2 {
		t.Fatalf("listed %v, %v", all, err)
	}
	token := ""
	for _, wanted := range all.GetSnapshots() {
		request := &pb.ListSnapshotsRequest{Venues: venues, PageSize: 1, PageToken: token}
		page, err := s.aggregator().ListSnapshots(ctx, request)
		if err != nil || len(page.GetSnapshots()) != 1 || !proto.Equal(page.GetSnapshots()[0], wanted) {
			t.Fatalf("wanted %v, listed %v, %v", wanted, page, err)
		}
		token = page.GetNextPageToken()
	}
}
