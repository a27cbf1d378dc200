import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/** Kafka's assignors, as the consumer that leads a group runs them. */
final class Assignors {
    private Assignors() {}

    /**
     * {"assignor": "range", "topics": {"t": [["rack a"], ...]}, "members": [{"id", "topics", "owned": [["t", 0]],
     * "generation", "rack", "instance", "userData"}]} gives {"member id": ["t-0", ...]}.
     */
    static JsonNode assign(JsonNode command) {
        Map<String, Subscription> subscriptions = new HashMap<>();
        for (JsonNode member : command.get("members"))
            subscriptions.put(member.get("id").asText(), subscription(member));
        ConsumerPartitionAssignor assignor = assignor(command.get("assignor").asText());
        Map<String, Assignment> shares =
            assignor.assign(cluster(command.get("topics")), new GroupSubscription(subscriptions)).groupAssignment();
        ObjectNode result = Driver.JSON.createObjectNode();
        shares.forEach((member, share) -> {
            ArrayNode names = result.putArray(member);
            share.partitions().forEach(partition -> names.add(partition.toString()));
        });
        return result;
    }

    /** What a member says of itself when it joins, in base64, after it was given "owned" in "generation". */
    static JsonNode subscribe(JsonNode command) {
        ConsumerPartitionAssignor assignor = assignor(command.get("assignor").asText());
        List<TopicPartition> owned = partitions(command.get("owned"));
        int generation = command.get("generation").asInt();
        assignor.onAssignment(new Assignment(owned), new ConsumerGroupMetadata("g", generation, "m", Optional.empty()));
        List<String> topics = texts(command.get("topics"));
        ByteBuffer userData = assignor.subscriptionUserData(Set.copyOf(topics));
        Subscription subscription = new Subscription(topics, userData, owned, generation, text(command, "rack"));
        return Driver.JSON.getNodeFactory().binaryNode(bytes(ConsumerProtocol.serializeSubscription(subscription)));
    }

    private static ConsumerPartitionAssignor assignor(String name) {
        switch (name) {
            case "range":
                return new RangeAssignor();
            case "roundrobin":
                return new RoundRobinAssignor();
            case "sticky":
                return new StickyAssignor();
            case "cooperative-sticky":
                return new CooperativeStickyAssignor();
            default:
                throw new IllegalArgumentException("no assignor " + name);
        }
    }

    private static Subscription subscription(JsonNode member) {
        ByteBuffer userData = text(member, "userData")
            .map(base64 -> ByteBuffer.wrap(java.util.Base64.getDecoder().decode(base64)))
            .orElse(null);
        Subscription subscription = new Subscription(
            texts(member.get("topics")),
            userData,
            partitions(member.get("owned")),
            member.get("generation").asInt(),
            text(member, "rack"));
        subscription.setGroupInstanceId(text(member, "instance"));
        return subscription;
    }

    private static Cluster cluster(JsonNode topics) {
        Map<String, Node> nodes = new HashMap<>();
        List<PartitionInfo> infos = new ArrayList<>();
        topics.fields().forEachRemaining(topic -> {
            int partition = 0;
            for (JsonNode racks : topic.getValue()) {
                List<Node> replicas = new ArrayList<>();
                for (String rack : texts(racks))
                    replicas.add(nodes.computeIfAbsent(rack, name -> new Node(nodes.size(), "h", 1, name)));
                Node[] array = replicas.toArray(new Node[0]);
                infos.add(new PartitionInfo(topic.getKey(), partition++, null, array, array));
            }
        });
        return new Cluster("c", nodes.values(), infos, Set.of(), Set.of());
    }

    private static List<TopicPartition> partitions(JsonNode pairs) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (JsonNode pair : pairs)
            partitions.add(new TopicPartition(pair.get(0).asText(), pair.get(1).asInt()));
        return partitions;
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    private static Optional<String> text(JsonNode object, String field) {
        JsonNode value = object.get(field);
        return value == null || value.isNull() ? Optional.empty() : Optional.of(value.asText());
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
