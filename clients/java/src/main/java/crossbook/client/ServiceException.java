/* A server's refusal as a value: what went wrong, in which field, and whether and when to try again. */
package crossbook.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a service answered in place of a result; its cause is what the call threw. */
public final class ServiceException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final Set<Status.Code> FINAL = EnumSet.of(
            Status.Code.INVALID_ARGUMENT, Status.Code.NOT_FOUND, Status.Code.ALREADY_EXISTS,
            Status.Code.FAILED_PRECONDITION, Status.Code.OUT_OF_RANGE, Status.Code.PERMISSION_DENIED,
            Status.Code.UNAUTHENTICATED, Status.Code.UNIMPLEMENTED);

    private final Status.Code code;
    private final transient List<Any> details;

    private ServiceException(StatusRuntimeException cause) {
        super(cause.getMessage(), cause);
        code = cause.getStatus().getCode();
        com.google.rpc.Status status = StatusProto.fromThrowable(cause);
        details = status == null ? List.of() : status.getDetailsList();
    }

    /** One wrong field of a request. */
    public record Violation(String field, String description) {}

    /** The same, with its google.rpc details read. */
    public static ServiceException of(StatusRuntimeException thrown) {
        return new ServiceException(thrown);
    }

    /** The status. */
    public Status.Code code() {
        return code;
    }

    /** Every wrong field of an INVALID_ARGUMENT. */
    public List<Violation> violations() {
        return detail(BadRequest.class).map(BadRequest::getFieldViolationsList).orElse(List.of()).stream()
                .map(found -> new Violation(found.getField(), found.getDescription()))
                .toList();
    }

    /** What is not there, or is there already. */
    public Optional<String> resource() {
        return detail(ResourceInfo.class).map(ResourceInfo::getResourceName);
    }

    /** How long an UNAVAILABLE server asks to be left alone. */
    public Optional<Duration> retryAfter() {
        return detail(RetryInfo.class)
                .map(RetryInfo::getRetryDelay)
                .map(delay -> Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
    }

    /** Whether the same call can never succeed, so that trying again is no use. */
    public boolean isFinal() {
        return FINAL.contains(code);
    }

    private <M extends com.google.protobuf.Message> Optional<M> detail(Class<M> kind) {
        try {
            for (Any packed : details) {
                if (packed.is(kind)) {
                    return Optional.of(packed.unpack(kind));
                }
            }
            return Optional.empty();
        } catch (InvalidProtocolBufferException unreadable) {
            return Optional.empty(); // a detail helps; the status is what counts
        }
    }
}
