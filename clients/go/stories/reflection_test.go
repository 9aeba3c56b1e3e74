// What a server says of itself.

package stories

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	reflection "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// streamingMethods are all that stream one way or both, as service/method.
func streamingMethods(t *testing.T, ctx context.Context, connection *grpc.ClientConn) (methods []string) {
	t.Helper()
	list := &reflection.ServerReflectionRequest{MessageRequest: &reflection.ServerReflectionRequest_ListServices{}}
	for _, listed := range reflected(t, ctx, connection, list).GetListServicesResponse().GetService() {
		symbol := &reflection.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: listed.GetName()}
		answer := reflected(t, ctx, connection, &reflection.ServerReflectionRequest{MessageRequest: symbol})
		for _, file := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
			methods = append(methods, streaming(t, file, listed.GetName())...)
		}
	}
	return methods
}

func streaming(t *testing.T, encoded []byte, wanted string) (methods []string) {
	t.Helper()
	file := &descriptorpb.FileDescriptorProto{}
	if err := proto.Unmarshal(encoded, file); err != nil {
		t.Fatal(err)
	}
	for _, service := range file.GetService() {
		name := file.GetPackage() + "." + service.GetName()
		for _, method := range service.GetMethod() {
			if name == wanted && (method.GetClientStreaming() || method.GetServerStreaming()) {
				methods = append(methods, name+"/"+method.GetName())
			}
		}
	}
	return methods
}

func reflected(
	t *testing.T, ctx context.Context, connection *grpc.ClientConn, request *reflection.ServerReflectionRequest,
) *reflection.ServerReflectionResponse {
	t.Helper()
	stream, err := reflection.NewServerReflectionClient(connection).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(request); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	return answer
}
