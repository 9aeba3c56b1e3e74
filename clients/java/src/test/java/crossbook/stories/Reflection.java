/* What a server says of itself. */
package crossbook.stories;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import io.grpc.Channel;
import io.grpc.reflection.v1alpha.ServerReflectionGrpc;
import io.grpc.reflection.v1alpha.ServerReflectionRequest;
import io.grpc.reflection.v1alpha.ServerReflectionResponse;
import io.grpc.reflection.v1alpha.ServiceResponse;
import java.util.ArrayList;
import java.util.List;

final class Reflection {
    private Reflection() {}

    /** All methods that stream one way or both, as service/method. */
    static List<String> streamingMethods(Channel channel) throws Exception {
        List<String> methods = new ArrayList<>();
        var listing = ServerReflectionRequest.newBuilder().setListServices("").build();
        for (ServiceResponse listed : asked(channel, listing).getListServicesResponse().getServiceList()) {
            var request = ServerReflectionRequest.newBuilder().setFileContainingSymbol(listed.getName()).build();
            var files = asked(channel, request).getFileDescriptorResponse().getFileDescriptorProtoList();
            for (ByteString file : files) {
                methods.addAll(streaming(FileDescriptorProto.parseFrom(file), listed.getName()));
            }
        }
        return methods;
    }

    private static List<String> streaming(FileDescriptorProto file, String wanted) {
        List<String> methods = new ArrayList<>();
        for (ServiceDescriptorProto service : file.getServiceList()) {
            String name = file.getPackage() + "." + service.getName();
            for (MethodDescriptorProto method : service.getMethodList()) {
                if (name.equals(wanted) && (method.getClientStreaming() || method.getServerStreaming())) {
                    methods.add(name + "/" + method.getName());
                }
            }
        }
        return methods;
    }

    private static ServerReflectionResponse asked(Channel channel, ServerReflectionRequest request) throws Exception {
        Answers<ServerReflectionResponse> answers = new Answers<>();
        var questions = ServerReflectionGrpc.newStub(channel).serverReflectionInfo(answers);
        questions.onNext(request);
        questions.onCompleted();
        return answers.all().get(0);
    }
}
