import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.TimestampType;

/** Record batches and message sets, written and read by Kafka's own classes. */
final class Batches {
    /**
     * {magic, compression, timestampType?, producerId?, producerEpoch?, baseSequence?, transactional?, baseOffset?,
     * records: [{timestamp, key, value, headers}]} → {base64}. One batch.
     */
    static JsonNode build(JsonNode command) {
        byte magic = (byte) command.path("magic").asInt(2);
        Compression compression = Compression.of(CompressionType.forName(command.path("compression").asText("none"))).build();
        TimestampType type = magic == 0
            ? TimestampType.NO_TIMESTAMP_TYPE
            : TimestampType.forName(command.path("timestampType").asText("CreateTime"));
        long baseOffset = command.path("baseOffset").asLong(0);
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1 << 20), magic, compression, type,
            baseOffset, System.currentTimeMillis(),
            command.path("producerId").asLong(RecordBatch.NO_PRODUCER_ID),
            (short) command.path("producerEpoch").asInt(RecordBatch.NO_PRODUCER_EPOCH),
            command.path("baseSequence").asInt(RecordBatch.NO_SEQUENCE),
            command.path("transactional").asBoolean(false),
            command.path("leaderEpoch").asInt(RecordBatch.NO_PARTITION_LEADER_EPOCH));
        for (JsonNode record : command.get("records")) {
            long timestamp = magic == 0 ? RecordBatch.NO_TIMESTAMP : record.path("timestamp").asLong(System.currentTimeMillis());
            if (magic == 2) builder.append(timestamp, bytes(record.get("key")), bytes(record.get("value")), headers(record));
            else builder.append(timestamp, bytes(record.get("key")), bytes(record.get("value")));
        }
        ByteBuffer buffer = builder.build().buffer();
        byte[] out = new byte[buffer.remaining()];
        buffer.get(out);
        ObjectNode result = Driver.JSON.createObjectNode();
        result.put("base64", out);
        return result;
    }

    /** {base64} → {batches: [{..., records: [...]}]}, each batch checked as a broker checks it. */
    static JsonNode read(JsonNode command) throws Exception {
        MemoryRecords records = MemoryRecords.readableRecords(ByteBuffer.wrap(command.get("base64").binaryValue()));
        ArrayNode batches = Driver.JSON.createArrayNode();
        for (RecordBatch batch : records.batches()) {
            batch.ensureValid();
            ObjectNode one = batches.addObject();
            one.put("magic", batch.magic());
            one.put("baseOffset", batch.baseOffset());
            one.put("lastOffset", batch.lastOffset());
            one.put("compression", batch.compressionType().name);
            one.put("timestampType", batch.timestampType().name);
            one.put("maxTimestamp", batch.maxTimestamp());
            one.put("producerId", batch.producerId());
            one.put("producerEpoch", batch.producerEpoch());
            one.put("baseSequence", batch.baseSequence());
            one.put("transactional", batch.isTransactional());
            one.put("control", batch.isControlBatch());
            one.put("sizeBytes", batch.sizeInBytes());
            ArrayNode out = one.putArray("records");
            for (Record record : batch) {
                ObjectNode r = out.addObject();
                r.put("offset", record.offset());
                r.put("timestamp", record.timestamp());
                putBytes(r, "key", array(record.key()));
                putBytes(r, "value", array(record.value()));
                putHeaders(r, record.headers());
            }
        }
        ObjectNode result = Driver.JSON.createObjectNode();
        result.set("batches", batches);
        return result;
    }

    static Header[] headers(JsonNode record) {
        List<Header> headers = new ArrayList<>();
        for (JsonNode header : record.path("headers")) headers.add(new RecordHeader(header.get(0).asText(), bytes(header.get(1))));
        return headers.toArray(new Header[0]);
    }

    /** A string stands for its UTF-8 bytes, {"base64": "..."} for any bytes, null for null. */
    static byte[] bytes(JsonNode node) {
        try {
            if (node == null || node.isNull()) return null;
            if (node.isObject()) return node.get("base64").binaryValue();
            return node.asText().getBytes(StandardCharsets.UTF_8);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    static void putBytes(ObjectNode node, String name, byte[] bytes) {
        if (bytes == null) node.putNull(name);
        else if (isText(bytes)) node.put(name, new String(bytes, StandardCharsets.UTF_8));
        else node.putObject(name).put("base64", bytes);
    }

    static void putHeaders(ObjectNode node, Header[] headers) {
        ArrayNode out = node.putArray("headers");
        for (Header header : headers) {
            ObjectNode holder = Driver.JSON.createObjectNode();
            putBytes(holder, "value", header.value());
            out.addArray().add(header.key()).add(holder.get("value"));
        }
    }

    private static boolean isText(byte[] bytes) {
        return java.util.Arrays.equals(new String(bytes, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8), bytes);
    }

    private static byte[] array(ByteBuffer buffer) {
        if (buffer == null) return null;
        byte[] out = new byte[buffer.remaining()];
        buffer.duplicate().get(out);
        return out;
    }
}
