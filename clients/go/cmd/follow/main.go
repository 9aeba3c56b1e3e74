// Follows opportunities as they open and close, and survives restarts of the service without missing or repeating one.
//
//	follow [-token FILE] [-assets BTC,ETH] [TARGET]
//
// TARGET is the arbitrage service's address, 127.0.0.1:50053 by default. With -token the place is kept in a file, and
// the next run resumes there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"crossbook/clients/go"
	pb "crossbook/clients/go/crossbookv1"
)

func main() {
	token := flag.String("token", "", "file that keeps the place")
	assets := flag.String("assets", "", "assets, comma-separated; empty means all")
	flag.Parse()
	target := "127.0.0.1:50053"
	if flag.NArg() > 0 {
		target = flag.Arg(0)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := follow(ctx, target, *token, *assets); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func follow(ctx context.Context, target, tokenFile, assets string) error {
	connection, err := crossbook.Dial(target)
	if err != nil {
		return err
	}
	defer connection.Close()
	token, err := read(tokenFile)
	if err != nil {
		return err
	}
	request := &pb.WatchOpportunitiesRequest{ResumeToken: token}
	if assets != "" {
		request.Assets = strings.Split(assets, ",")
	}
	tell := func(message *pb.WatchOpportunitiesResponse) error {
		for _, event := range message.GetEvents() {
			fmt.Println(describe(event))
			if err := keep(tokenFile, event.GetResumeToken()); err != nil {
				return err
			}
		}
		return nil
	}
	lost := func(err error) { fmt.Fprintf(os.Stderr, "%s: %v, trying again\n", target, err) }
	return crossbook.Follow(ctx, pb.NewArbitrageServiceClient(connection), request, tell, lost)
}

func describe(event *pb.OpportunityEvent) string {
	found := event.GetOpportunity()
	return fmt.Sprintf("%-8s%-8sbuy %s at %g, sell %s at %g: net %.3f %% on %.0f",
		strings.TrimPrefix(event.GetKind().String(), "OPPORTUNITY_EVENT_KIND_"), found.GetAsset(),
		found.GetBuy().GetVenue(), found.GetBuy().GetPrice(), found.GetSell().GetVenue(), found.GetSell().GetPrice(),
		found.GetCosts().GetNetPercent(), found.GetExecutableNotional())
}

// read gives the kept place; none on the first run.
func read(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	kept, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(kept)), err
}

// keep writes the place beside the old one and then over it, so that a crash leaves one of the two.
func keep(path, token string) error {
	if path == "" {
		return nil
	}
	if err := os.WriteFile(path+".new", []byte(token+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
