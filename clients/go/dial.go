// How a Crossbook server is dialled.

package crossbook

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// maxMessageBytes is the largest answer that a server gives: a batch of quotes may be that large, grpc's default is a
// quarter.
const maxMessageBytes = 16 << 20

// Dial gives a connection to host:port, which dials when it is first used and again whenever it is lost. A peer that
// has died is noticed within 15 seconds, streams that are silent included. Options are added to these.
func Dial(target string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	own := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageBytes), grpc.MaxCallSendMsgSize(maxMessageBytes)),
	}
	return grpc.NewClient(target, append(own, options...)...)
}
