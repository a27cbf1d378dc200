import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.*;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.utils.*;
import org.apache.kafka.common.utils.Timer;
import org.apache.kafka.server.common.MetadataVersion;
import org.apache.kafka.storage.internals.log.*;

/**
 * Makes records.json with Kafka 3.9.1's own classes; not part of any test run. Class path: kafka-clients, kafka-storage,
 * kafka-storage-api, kafka-server-common (all 3.9.1), slf4j-api, lz4-java, snappy-java, zstd-jni.
 *
 *   java -cp 'libs/*' Generate.java > records.json
 *   java -cp 'libs/*' Generate.java read < lines       "name base64" a line: prints what Kafka reads in each
 *   java -cp 'libs/*' Generate.java validate [keys] [append] < lines   prints what Kafka's LogValidator says of each;
 *                                                      keys: on a compacted topic, append: on one with LogAppendTime
 */
public class Generate {
    static final long NOW = 1700000000000L;
    static boolean keys;
    static TimestampType topicType = TimestampType.CREATE_TIME;
    static final List<String> cases = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        if (args.length > 0) {
            keys = List.of(args).contains("keys");
            if (List.of(args).contains("append")) topicType = TimestampType.LOG_APPEND_TIME;
            Scanner in = new Scanner(System.in, StandardCharsets.US_ASCII).useDelimiter("\n");
            while (in.hasNext()) {
                String[] parts = in.next().trim().split(" ");
                byte[] bytes = Base64.getDecoder().decode(parts.length > 1 ? parts[1] : "");
                System.out.println(parts[0] + " " + (args[0].equals("read") ? read(bytes) : validate(bytes)));
            }
            return;
        }
        generate();
        System.out.println("[\n" + String.join(",\n", cases) + "\n]");
    }

    static void generate() throws Exception {
        Header[] headers = {
            new RecordHeader("trace", bytes("abc")), new RecordHeader("", new byte[0]),
            new RecordHeader("n\u00fcll \u2713", null), new RecordHeader("trace", new byte[200])
        };
        v2("one", b -> b.append(NOW, bytes("key"), bytes("value")));
        v2("nulls", b -> {
            b.append(NOW, (byte[]) null, (byte[]) null);
            b.append(NOW, new byte[0], new byte[0]);
            b.append(NOW, (byte[]) null, bytes("v"));
            b.append(NOW, bytes("k"), (byte[]) null);
        });
        v2("headers", b -> {
            b.append(NOW, bytes("k"), bytes("v"), headers);
            b.append(NOW + 1, bytes("k"), bytes("v"));
        });
        v2("many", b -> {
            for (int i = 0; i < 300; i++) b.append(NOW + i * 7, bytes("k" + i), new byte[i % 90]);
        });
        v2("timestamps", b -> {
            for (long t : new long[] {NOW, NOW - 1, NOW + 64, NOW + (1L << 33), 0, -1, NOW - (1L << 20)})
                b.append(t, null, bytes("t"));
        });
        v2("no-timestamp", b -> b.append(-1L, null, bytes("x")));
        add("idempotent", build(Compression.NONE, TimestampType.CREATE_TIME, 0, 4711, (short) 3, 17, false, -1, small()), null);
        add("sequence-wrap", build(Compression.NONE, TimestampType.CREATE_TIME, 0, 5000000000L, (short) 0, 2147483646, false, -1, b -> {
            for (int i = 0; i < 5; i++) b.append(NOW, null, bytes("s" + i));
        }), null);
        add("transactional", build(Compression.NONE, TimestampType.CREATE_TIME, 0, 9, (short) 32767, 0, true, -1, small()), null);
        add("append-time", build(Compression.NONE, TimestampType.LOG_APPEND_TIME, 12, -1, (short) -1, -1, false, 7, small()), null);
        add("offset-gaps", build(Compression.NONE, TimestampType.CREATE_TIME, 1L << 40, -1, (short) -1, -1, false, 2147483647, b -> {
            b.appendWithOffset((1L << 40) + 3, NOW, bytes("a"), bytes("1"));
            b.appendWithOffset((1L << 40) + 200, NOW + 5, bytes("b"), bytes("2"));
        }), null);
        add("commit", MemoryRecords.withEndTransactionMarker(77L, NOW, 4, 4711L, (short) 3,
            new EndTransactionMarker(ControlRecordType.COMMIT, 21)), null);
        add("abort", MemoryRecords.withEndTransactionMarker(1L << 35, NOW, -1, 1L, (short) 0,
            new EndTransactionMarker(ControlRecordType.ABORT, 0)), null);
        for (Compression codec : List.of(Compression.gzip().build(), Compression.snappy().build(),
                Compression.lz4().build(), Compression.zstd().build())) {
            String name = codec.type().name;
            add(name + "-small", build(codec, TimestampType.CREATE_TIME, 0, -1, (short) -1, -1, false, -1, b -> {
                b.append(NOW, bytes("k"), bytes("v"), headers);
                b.append(NOW + 9, null, bytes("text text text text text text"));
            }), null);
            add(name + "-large", build(codec, TimestampType.CREATE_TIME, 0, -1, (short) -1, -1, false, -1, b -> {
                for (int i = 0; i < 1500; i++) b.append(NOW + i, null, bytes(("a line of text, " + i % 10 + "; ").repeat(8)));
            }), null);
        }
        legacy();
    }

    static void legacy() throws Exception {
        for (byte magic = 0; magic <= 1; magic++) {
            for (Compression codec : List.of(Compression.NONE, Compression.gzip().build(), Compression.snappy().build(), Compression.lz4().build())) {
                String name = "v" + magic + "-" + codec.type().name;
                MemoryRecords set = legacySet(magic, codec, TimestampType.CREATE_TIME, 100);
                add(name, set, null);
                MemoryRecords produced = legacySet(magic, codec, TimestampType.CREATE_TIME, 0);
                add(name + "-produced", produced, convert(produced, Compression.NONE, TimestampType.CREATE_TIME));
                if (magic == 1 && codec != Compression.NONE)
                    add(name + "-append-time", legacySet(magic, codec, TimestampType.LOG_APPEND_TIME, 100), null);
            }
        }
        MemoryRecords set = legacySet((byte) 1, Compression.NONE, TimestampType.CREATE_TIME, 0);
        add("v1-to-append-time", set, convert(set, Compression.NONE, TimestampType.LOG_APPEND_TIME));
    }

    static MemoryRecords legacySet(byte magic, Compression codec, TimestampType type, long baseOffset) {
        MemoryRecordsBuilder b = MemoryRecords.builder(ByteBuffer.allocate(1024), magic, codec, type, baseOffset, NOW + 1000);
        long t = magic == 0 ? -1 : NOW;
        b.append(t, bytes("k1"), bytes("value one"));
        b.append(magic == 0 ? -1 : NOW + 50, (byte[]) null, new byte[0]);
        b.append(t, new byte[0], (byte[]) null);
        return b.build();
    }

    /** What the broker stores for it at offset 500, leader epoch 6. */
    static MemoryRecords convert(MemoryRecords set, Compression target, TimestampType type) {
        CompressionType source = set.batches().iterator().next().compressionType();
        return new LogValidator(set, new TopicPartition("t", 0), new MockTime(), source, target, false, (byte) 2, type,
            Long.MAX_VALUE, Long.MAX_VALUE, 6, AppendOrigin.CLIENT, MetadataVersion.latestProduction())
            .validateMessagesAndAssignOffsets(PrimitiveRef.ofLong(500), METRICS, BufferSupplier.NO_CACHING).validatedRecords;
    }

    interface Fill { void into(MemoryRecordsBuilder builder); }

    static Fill small() {
        return b -> { for (int i = 0; i < 3; i++) b.append(NOW + i, bytes("k" + i), bytes("v" + i)); };
    }

    static void v2(String name, Fill fill) throws Exception {
        add(name, build(Compression.NONE, TimestampType.CREATE_TIME, 0, -1, (short) -1, -1, false, -1, fill), null);
    }

    static MemoryRecords build(Compression codec, TimestampType type, long baseOffset, long pid, short epoch, int sequence,
                               boolean transactional, int leaderEpoch, Fill fill) {
        MemoryRecordsBuilder b = MemoryRecords.builder(ByteBuffer.allocate(512), (byte) 2, codec, type, baseOffset, NOW + 1000,
            pid, epoch, sequence, transactional, leaderEpoch);
        fill.into(b);
        return b.build();
    }

    static void add(String name, MemoryRecords records, MemoryRecords converted) throws Exception {
        byte[] bytes = toArray(records.buffer());
        List<String> lines = describe(bytes);
        StringBuilder out = new StringBuilder("{\"name\":\"" + name + "\",\"bytes\":\"" + base64(bytes) + "\",\"count\":" + lines.size());
        if (lines.size() <= 10) out.append(",\"records\":[\"" + String.join("\",\"", lines) + "\"]");
        out.append(",\"sha256\":\"" + sha256(lines) + "\"");
        if (converted != null) out.append(",\"converted\":\"" + base64(toArray(converted.buffer())) + "\"");
        cases.add(out.append("}").toString());
    }

    /** One line a record: offset|timestamp|sequence|key|value|header key=value,… in hex, "-" for null. */
    static List<String> describe(byte[] bytes) {
        List<String> lines = new ArrayList<>();
        for (MutableRecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)).batches()) {
            batch.ensureValid();
            for (Record r : batch) {
                List<String> headers = new ArrayList<>();
                for (Header h : r.headers()) headers.add(hex(bytes(h.key())) + "=" + hex(h.value()));
                lines.add(r.offset() + "|" + r.timestamp() + "|" + r.sequence() + "|" + hex(array(r.key())) + "|"
                    + hex(array(r.value())) + "|" + String.join(",", headers));
            }
        }
        return lines;
    }

    static String read(byte[] bytes) {
        try {
            List<String> lines = describe(bytes);
            return lines.size() + " " + sha256(lines);
        } catch (Throwable e) {
            return "error " + e.getClass().getSimpleName();
        }
    }

    static String validate(byte[] bytes) {
        try {
            MemoryRecords records = MemoryRecords.readableRecords(ByteBuffer.wrap(bytes));
            CompressionType codec = CompressionType.NONE;
            for (MutableRecordBatch batch : records.batches()) {
                batch.ensureValid();
                if (batch.compressionType() != CompressionType.NONE) codec = batch.compressionType();
            }
            LogValidator.ValidationResult result = new LogValidator(records, new TopicPartition("t", 0), new MockTime(), codec,
                Compression.of(codec).build(), keys, (byte) 2, topicType, 3600000L, 3600000L, 6,
                AppendOrigin.CLIENT, MetadataVersion.latestProduction())
                .validateMessagesAndAssignOffsets(PrimitiveRef.ofLong(0), METRICS, BufferSupplier.NO_CACHING);
            return "ok " + result.maxTimestampMs;
        } catch (Throwable e) {
            Throwable shown = e;
            String kind = shown.getClass().getSimpleName();
            if (e instanceof RecordValidationException) kind = ((RecordValidationException) e).invalidException().getClass().getSimpleName();
            return "error " + kind + " " + shown.getMessage();
        }
    }

    static final LogValidator.MetricsRecorder METRICS = new LogValidator.MetricsRecorder() {
        public void recordInvalidMagic() { }
        public void recordInvalidOffset() { }
        public void recordInvalidSequence() { }
        public void recordInvalidChecksums() { }
        public void recordNoKeyCompactedTopic() { }
    };

    /** Stands still, so that the goldens do not change from run to run. */
    static final class MockTime implements Time {
        public long milliseconds() { return NOW + 2000; }
        public long hiResClockMs() { return NOW + 2000; }
        public long nanoseconds() { return 0; }
        public void sleep(long ms) { }
        public void waitObject(Object o, java.util.function.Supplier<Boolean> c, long d) { }
        public Timer timer(long timeoutMs) { throw new UnsupportedOperationException(); }
    }

    static byte[] bytes(String text) { return text.getBytes(StandardCharsets.UTF_8); }
    static byte[] array(ByteBuffer b) { return b == null ? null : toArray(b); }
    static byte[] toArray(ByteBuffer b) { byte[] out = new byte[b.remaining()]; b.duplicate().get(out); return out; }
    static String hex(byte[] b) { return b == null ? "-" : HexFormat.of().formatHex(b); }
    static String base64(byte[] b) { return Base64.getEncoder().encodeToString(b); }
    static String sha256(List<String> lines) throws Exception {
        return hex(MessageDigest.getInstance("SHA-256").digest(bytes(String.join("\n", lines))));
    }
}
