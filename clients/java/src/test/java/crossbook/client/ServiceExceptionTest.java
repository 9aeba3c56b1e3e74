/* What a server's status becomes. */
package crossbook.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ServiceExceptionTest {
    private static ServiceException refused(Status.Code code, Message detail) {
        return ServiceException.of(StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder()
                .setCode(code.value()).setMessage("no").addDetails(Any.pack(detail)).build()));
    }

    /** Every wrong field of a bad request is there by name, in the server's order. */
    @Test
    void aBadRequestNamesItsFields() {
        ServiceException found = refused(Status.Code.INVALID_ARGUMENT, BadRequest.newBuilder()
                .addFieldViolations(FieldViolation.newBuilder().setField("a").setDescription("x"))
                .addFieldViolations(FieldViolation.newBuilder().setField("b").setDescription("y")).build());
        assertTrue(found.isFinal());
        assertEquals(
                List.of(new ServiceException.Violation("a", "x"), new ServiceException.Violation("b", "y")),
                found.violations());
    }

    /** What is not there is named, and asking again is no use. */
    @Test
    void aMissingResourceIsNamed() {
        ServiceException found =
                refused(Status.Code.NOT_FOUND, ResourceInfo.newBuilder().setResourceName("alertRules/a").build());
        assertTrue(found.isFinal());
        assertEquals(Optional.of("alertRules/a"), found.resource());
    }

    /** A server that is away says for how long to wait. */
    @Test
    void anUnavailableServerSaysWhenToComeAgain() {
        var delay = com.google.protobuf.Duration.newBuilder().setSeconds(1).setNanos(500_000_000);
        ServiceException found = refused(Status.Code.UNAVAILABLE, RetryInfo.newBuilder().setRetryDelay(delay).build());
        assertFalse(found.isFinal());
        assertEquals(Optional.of(Duration.ofMillis(1500)), found.retryAfter());
    }

    /** A status without details has none. */
    @Test
    void aBareStatusHasNoDetails() {
        ServiceException found = ServiceException.of(Status.ABORTED.asRuntimeException());
        assertFalse(found.isFinal());
        assertTrue(found.violations().isEmpty() && found.resource().isEmpty() && found.retryAfter().isEmpty());
    }
}
