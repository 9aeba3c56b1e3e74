/* A connection that can be broken in the middle, as a network would: bytes pass through a socket of the test's own. */
package crossbook.stories;

import crossbook.client.Channels;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** Passes bytes on between the clients that dial it and one address, until they are cut off. */
final class CutWire implements AutoCloseable {
    private final String host;
    private final int port;
    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final ManagedChannel channel = Channels.open("127.0.0.1:" + listener.getLocalPort());
    private final List<Socket> sockets = new ArrayList<>();

    CutWire(String address) throws IOException {
        int colon = address.lastIndexOf(':');
        host = address.substring(0, colon);
        port = Integer.parseInt(address.substring(colon + 1));
        Thread accepting = new Thread(this::accept, "cut wire");
        accepting.setDaemon(true);
        accepting.start();
    }

    ManagedChannel channel() {
        return channel;
    }

    /** Breaks what is connected now; whoever dials again is connected again. */
    synchronized void cut() {
        for (Socket socket : sockets) {
            closeQuietly(socket);
        }
        sockets.clear();
    }

    private void accept() {
        try {
            while (true) {
                Socket near = listener.accept();
                Socket far = new Socket(host, port);
                synchronized (this) {
                    sockets.add(near);
                    sockets.add(far);
                }
                pass(near, far);
                pass(far, near);
            }
        } catch (IOException closed) {
            cut(); // the test is over
        }
    }

    private static void pass(Socket from, Socket to) {
        Thread passing = new Thread(() -> {
            try {
                from.getInputStream().transferTo(to.getOutputStream());
            } catch (IOException cut) {
                closeQuietly(from);
            } finally {
                closeQuietly(to);
            }
        }, "cut wire");
        passing.setDaemon(true);
        passing.start();
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException closed) {
            throw new IllegalStateException(closed);
        }
    }

    @Override
    public void close() throws IOException {
        channel.shutdownNow();
        listener.close();
    }
}
