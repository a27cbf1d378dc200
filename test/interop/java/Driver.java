import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;

/**
 * A long-lived Java process that runs Kafka's own tools, clients and codecs on request, so that a test does not pay a
 * JVM start for each. One JSON object per line comes in: {"id": 1, "op": "tool", ...}; one per line goes out:
 * {"id": 1, "result": ...} or {"id": 1, "error": "..."}. Requests run one after the other.
 */
public final class Driver {
    static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws Exception {
        InputStream commands = System.in;
        PrintStream answers = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        Tools tools = new Tools();
        Wire wire = new Wire();
        BufferedReader lines = new BufferedReader(new InputStreamReader(commands, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode command = JSON.readTree(line);
            ObjectNode answer = JSON.createObjectNode();
            answer.set("id", command.get("id"));
            try {
                answer.set("result", run(command, tools, wire));
            } catch (Throwable e) {
                StringWriter trace = new StringWriter();
                e.printStackTrace(new PrintWriter(trace));
                answer.put("error", trace.toString());
            }
            answers.println(JSON.writeValueAsString(answer));
            answers.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    private static JsonNode run(JsonNode command, Tools tools, Wire wire) throws Exception {
        String op = command.get("op").asText();
        switch (op) {
            case "tool":
                return tools.run(command);
            case "send":
                return wire.send(command);
            case "decode":
                return wire.decode(command);
            case "records":
                return Batches.build(command);
            case "readRecords":
                return Batches.read(command);
            case "produce":
                return Clients.produce(command);
            case "assign":
                return Assignors.assign(command);
            case "subscribe":
                return Assignors.subscribe(command);
            case "znodes":
                return Znodes.dump(command);
            case "createZnodes":
                return Znodes.create(command);
            case "consume":
                return Clients.consume(command);
            default:
                throw new IllegalArgumentException("unknown op " + op);
        }
    }
}
