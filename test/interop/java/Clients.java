import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Kafka's own Java producer and consumer. */
final class Clients {
    /**
     * {config, steps: [{"begin": true} | {"send": [records]} | {"flush": true} | {"commit": true} | {"abort": true} |
     * {"vanish": true}]}; `vanish` leaves the transaction open, as a producer does that is killed.
     * → {sent: [{partition, offset, timestamp} | {error}]} in the order of sending.
     */
    static JsonNode produce(JsonNode command) throws Exception {
        Properties config = properties(command.get("config"));
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer =
                 new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            if (config.containsKey("transactional.id")) producer.initTransactions();
            for (JsonNode step : command.get("steps")) {
                if (step.has("begin")) producer.beginTransaction();
                else if (step.has("flush")) producer.flush();
                else if (step.has("commit")) producer.commitTransaction();
                else if (step.has("vanish")) {
                    producer.flush();
                    producer.close(Duration.ZERO);
                    break;
                }
                else if (step.has("abort")) {
                    producer.flush();
                    producer.abortTransaction();
                } else for (JsonNode record : step.get("send")) sent.add(producer.send(producerRecord(record)));
            }
            if (!config.containsKey("transactional.id")) producer.flush();
        }
        ArrayNode out = Driver.JSON.createArrayNode();
        for (Future<RecordMetadata> future : sent) {
            ObjectNode one = out.addObject();
            try {
                RecordMetadata metadata = future.get();
                one.put("topic", metadata.topic());
                one.put("partition", metadata.partition());
                one.put("offset", metadata.offset());
                one.put("timestamp", metadata.timestamp());
            } catch (ExecutionException e) {
                one.put("error", e.getCause().toString());
            }
        }
        ObjectNode result = Driver.JSON.createObjectNode();
        result.set("sent", out);
        return result;
    }

    private static ProducerRecord<byte[], byte[]> producerRecord(JsonNode record) {
        Integer partition = record.hasNonNull("partition") ? record.get("partition").asInt() : null;
        Long timestamp = record.hasNonNull("timestamp") ? record.get("timestamp").asLong() : null;
        return new ProducerRecord<>(record.get("topic").asText(), partition, timestamp,
            Batches.bytes(record.get("key")), Batches.bytes(record.get("value")), List.of(Batches.headers(record)));
    }

    /** {config, partitions: [{topic, partition, offset}], timeoutMs} → {records}: from there to the end at the start. */
    static JsonNode consume(JsonNode command) throws Exception {
        long deadlineMs = System.currentTimeMillis() + command.path("timeoutMs").asLong(30_000);
        ArrayNode out = Driver.JSON.createArrayNode();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties(command.get("config")),
                 new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (JsonNode p : command.get("partitions")) partitions.add(new TopicPartition(p.get("topic").asText(), p.get("partition").asInt()));
            consumer.assign(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            int i = 0;
            for (JsonNode p : command.get("partitions")) consumer.seek(partitions.get(i++), p.get("offset").asLong());
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
                if (System.currentTimeMillis() > deadlineMs) throw new IllegalStateException("not at the end in time; read " + out.size());
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) out.add(json(record));
            }
        }
        ObjectNode result = Driver.JSON.createObjectNode();
        result.set("records", out);
        return result;
    }

    private static ObjectNode json(ConsumerRecord<byte[], byte[]> record) {
        ObjectNode one = Driver.JSON.createObjectNode();
        one.put("topic", record.topic());
        one.put("partition", record.partition());
        one.put("offset", record.offset());
        one.put("timestamp", record.timestamp());
        one.put("timestampType", record.timestampType().name);
        if (record.leaderEpoch().isPresent()) one.put("leaderEpoch", record.leaderEpoch().get());
        Batches.putBytes(one, "key", record.key());
        Batches.putBytes(one, "value", record.value());
        Batches.putHeaders(one, record.headers().toArray());
        return one;
    }

    private static Properties properties(JsonNode config) {
        Properties properties = new Properties();
        config.fields().forEachRemaining(field -> properties.setProperty(field.getKey(), field.getValue().asText()));
        return properties;
    }

}
