import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.util.List;
import org.h2.mvstore.MVStore;

/** Runs mongo-java-server on a file: {@code Launcher FILE PORT}. It ends in order on SIGTERM. */
public final class Launcher {
    /**
     * MongoDB 5.0 with the wire version that it really has. The server's own MONGO_5_0 says 8, which is MongoDB 4.2, and today's
     * drivers want 9 or more.
     */
    private static final class Version implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 13;
        }
    }

    public static void main(String[] arguments) {
        MVStore store = MVStore.open(arguments[0]);
        // MongoDB's journal is written every 100 ms; this store's own default would lose a whole second in a crash.
        store.setAutoCommitDelay(100);
        MongoBackend backend = new H2Backend(store).version(new Version());
        MongoServer server = new MongoServer(backend);
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown));
        server.bind("127.0.0.1", Integer.parseInt(arguments[1]));
    }
}
