// Package stories asks a running Crossbook what people ask, and every streaming method that it has.
// CROSSBOOK_ADDRESSES names it, JSON such as {"tracker": "127.0.0.1:50051", "aggregator": …, "arbitrage": …,
// "alerts": …}; CROSSBOOK_VENUE is a known venue that has no tracker there. Without them nothing is asked, and each
// test says so.
package stories

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"crossbook/clients/go"
	pb "crossbook/clients/go/crossbookv1"
	"google.golang.org/grpc"
)

// patience is for machines under load; nothing here takes more than some seconds.
const patience = time.Minute

// system is the running one, with the connections to it.
type system struct {
	connections map[string]*grpc.ClientConn
	venue       string
}

func running(t *testing.T) *system {
	t.Helper()
	addresses := map[string]string{}
	if err := json.Unmarshal([]byte(os.Getenv("CROSSBOOK_ADDRESSES")), &addresses); err != nil {
		t.Skip("CROSSBOOK_ADDRESSES names no running system: make clients starts one")
	}
	found := &system{map[string]*grpc.ClientConn{}, os.Getenv("CROSSBOOK_VENUE")}
	for process, address := range addresses {
		found.connections[process] = dialled(t, address)
	}
	return found
}

func dialled(t *testing.T, address string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	connection, err := crossbook.Dial(address, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection
}

func (s *system) aggregator() pb.AggregatorServiceClient {
	return pb.NewAggregatorServiceClient(s.connections["aggregator"])
}

func (s *system) arbitrage() pb.ArbitrageServiceClient {
	return pb.NewArbitrageServiceClient(s.connections["arbitrage"])
}

func (s *system) alerts() pb.AlertServiceClient {
	return pb.NewAlertServiceClient(s.connections["alerts"])
}

// within ends with the test at the latest, so that nothing waits for ever.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// eventually asks until the answer holds.
func eventually(t *testing.T, ctx context.Context, holds func() (bool, error)) {
	t.Helper()
	for {
		is, err := holds()
		if err != nil {
			t.Fatal(err)
		}
		if is {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal("it never came")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// wires are the sockets of a connection, to be cut.
type wires struct {
	mutex sync.Mutex
	open  []net.Conn
}

func (w *wires) dial(ctx context.Context, address string) (net.Conn, error) {
	var dialer net.Dialer
	wire, err := dialer.DialContext(ctx, "tcp", address)
	if err == nil {
		w.mutex.Lock()
		w.open = append(w.open, wire)
		w.mutex.Unlock()
	}
	return wire, err
}

// cut breaks them all, as a network would.
func (w *wires) cut() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for _, wire := range w.open {
		wire.Close()
	}
	w.open = nil
}
