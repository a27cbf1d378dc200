import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/** The data tree of a ZooKeeper server, read by ZooKeeper's own client. */
final class Znodes {
    /** {connect, path} → {path: {data, ephemeral, version, cversion, children}} of the node and all below it. */
    static JsonNode dump(JsonNode command) throws Exception {
        ObjectNode result = Driver.JSON.createObjectNode();
        ZooKeeper client = new ZooKeeper(command.get("connect").asText(), 10_000, event -> { });
        try {
            walk(client, command.path("path").asText("/"), result);
        } finally {
            client.close();
        }
        return result;
    }

    /** {connect, nodes: {path: data}}: makes what is not there, parents without data. */
    static JsonNode create(JsonNode command) throws Exception {
        ZooKeeper client = new ZooKeeper(command.get("connect").asText(), 10_000, event -> { });
        try {
            for (Iterator<Map.Entry<String, JsonNode>> nodes = command.get("nodes").fields(); nodes.hasNext(); ) {
                Map.Entry<String, JsonNode> node = nodes.next();
                String path = node.getKey();
                for (int end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1)) {
                    String parent = path.substring(0, end);
                    if (client.exists(parent, false) == null) createNode(client, parent, null);
                }
                createNode(client, path, node.getValue().isNull() ? null : node.getValue().asText().getBytes(StandardCharsets.UTF_8));
            }
        } finally {
            client.close();
        }
        return Driver.JSON.createObjectNode();
    }

    private static void createNode(ZooKeeper client, String path, byte[] data) throws Exception {
        client.create(path, data, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
    }

    private static void walk(ZooKeeper client, String path, ObjectNode result) throws Exception {
        Stat stat = new Stat();
        byte[] data;
        List<String> children;
        try {
            data = client.getData(path, false, stat);
            children = client.getChildren(path, false);
        } catch (KeeperException.NoNodeException e) {
            return;
        }
        ObjectNode node = result.putObject(path);
        if (data == null) node.putNull("data");
        else node.put("data", new String(data, StandardCharsets.UTF_8));
        node.put("ephemeral", stat.getEphemeralOwner() != 0);
        node.put("version", stat.getVersion());
        node.put("cversion", stat.getCversion());
        node.put("czxid", stat.getCzxid());
        node.put("mzxid", stat.getMzxid());
        children.sort(null);
        for (String child : children) walk(client, path.equals("/") ? "/" + child : path + "/" + child, result);
    }
}
