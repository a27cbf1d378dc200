import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;

/** Single frames, encoded and decoded by Kafka's own message classes and their JSON forms. */
final class Wire {
    private static final HexFormat HEX = HexFormat.of();

    /**
     * {host, port, apiKey, version, correlationId, clientId, body} or {host, port, requestHex}: opens a connection,
     * sends one frame, gives both frames in hex with their JSON form. `responseHex` is null when the peer closed.
     */
    JsonNode send(JsonNode command) throws Exception {
        byte[] request = command.has("requestHex")
            ? HEX.parseHex(command.get("requestHex").asText())
            : encodeRequest(command);
        ObjectNode result = Driver.JSON.createObjectNode();
        result.put("requestHex", HEX.formatHex(request));
        int timeoutMs = command.path("timeoutMs").asInt(30_000);
        byte[] response = null;
        boolean answers = command.path("expectResponse").asBoolean(true);
        try (Socket socket = new Socket(command.get("host").asText(), command.get("port").asInt())) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(timeoutMs);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeInt(command.path("claimedLength").asInt(request.length));
            out.write(request);
            out.flush();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            if (answers) {
                response = new byte[in.readInt()];
                in.readFully(response);
            }
        } catch (EOFException e) {
            result.put("closed", true);
        } catch (java.net.SocketTimeoutException e) {
            result.put("timedOut", true);
        } catch (java.net.SocketException e) {
            result.put("closed", true);
            result.put("reset", true);
        }
        if (response != null) result.put("responseHex", HEX.formatHex(response));
        if (command.path("decode").asBoolean(true)) describe(result, request, response);
        return result;
    }

    /** {requestHex, responseHex?} → the JSON forms of both. */
    JsonNode decode(JsonNode command) throws Exception {
        ObjectNode result = Driver.JSON.createObjectNode();
        byte[] response = command.hasNonNull("responseHex") ? HEX.parseHex(command.get("responseHex").asText()) : null;
        describe(result, HEX.parseHex(command.get("requestHex").asText()), response);
        return result;
    }

    private static byte[] encodeRequest(JsonNode command) throws Exception {
        ApiKeys api = ApiKeys.forId(command.get("apiKey").asInt());
        short version = (short) command.get("version").asInt();
        ApiMessage empty = api.messageType.newRequest();
        Schema schema = api.messageType.requestSchemas()[version];
        ApiMessage body = (ApiMessage) converter(empty)
            .getMethod("read", JsonNode.class, short.class)
            .invoke(null, prune(command.get("body"), schema), version);
        RequestHeaderData header = new RequestHeaderData()
            .setRequestApiKey(api.id)
            .setRequestApiVersion(version)
            .setCorrelationId(command.get("correlationId").asInt())
            .setClientId(command.get("clientId").isNull() ? null : command.get("clientId").asText());
        short headerVersion = api.requestHeaderVersion(version);
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(header.size(cache, headerVersion) + body.size(cache, version));
        header.write(new ByteBufferAccessor(buffer), cache, headerVersion);
        body.write(new ByteBufferAccessor(buffer), cache, version);
        return buffer.array();
    }

    /** Leaves out the fields that this version does not have, so that one JSON body serves all versions. */
    private static JsonNode prune(JsonNode body, Type type) {
        if (type.arrayElementType().isPresent() && body.isArray()) {
            ArrayNode out = Driver.JSON.createArrayNode();
            for (JsonNode element : body) out.add(prune(element, type.arrayElementType().get()));
            return out;
        }
        if (!(type instanceof Schema) || !body.isObject()) return body;
        Map<String, Type> known = new HashMap<>();
        for (BoundField field : ((Schema) type).fields()) {
            known.put(field.def.name, field.def.type);
            if (field.def.type instanceof TaggedFields) {
                for (Field tagged : taggedFields((TaggedFields) field.def.type)) known.put(tagged.name, tagged.type);
            }
        }
        ObjectNode out = Driver.JSON.createObjectNode();
        body.fields().forEachRemaining(field -> {
            Type fieldType = known.get(field.getKey().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT));
            if (fieldType != null) out.set(field.getKey(), prune(field.getValue(), fieldType));
        });
        return out;
    }

    @SuppressWarnings("unchecked")
    private static Iterable<Field> taggedFields(TaggedFields type) {
        try {
            java.lang.reflect.Field fields = TaggedFields.class.getDeclaredField("fields");
            fields.setAccessible(true);
            return ((Map<Integer, Field>) fields.get(type)).values();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void describe(ObjectNode result, byte[] request, byte[] response) throws Exception {
        ByteBuffer in = ByteBuffer.wrap(request);
        ApiKeys api = ApiKeys.forId(in.getShort(0));
        short version = in.getShort(2);
        RequestHeaderData header = new RequestHeaderData(new ByteBufferAccessor(in), api.requestHeaderVersion(version));
        ApiMessage body = api.messageType.newRequest();
        body.read(new ByteBufferAccessor(in), version);
        result.put("apiKey", api.id);
        result.put("name", api.name);
        result.put("apiVersion", version);
        result.put("correlationId", header.correlationId());
        result.put("clientId", header.clientId());
        result.set("request", json(body, version));
        result.put("requestTrailingBytes", in.remaining());
        if (response == null) return;
        ByteBuffer out = ByteBuffer.wrap(response);
        // An ApiVersions request of an unknown version is answered in version 0.
        short responseVersion = version;
        if (api == ApiKeys.API_VERSIONS && out.getShort(4) == 35) responseVersion = 0;
        new ResponseHeaderData(new ByteBufferAccessor(out), api.responseHeaderVersion(responseVersion));
        ApiMessage answer = api.messageType.newResponse();
        answer.read(new ByteBufferAccessor(out), responseVersion);
        result.set("response", json(answer, responseVersion));
        if (responseVersion != version) result.put("responseVersion", responseVersion);
        result.put("responseTrailingBytes", out.remaining());
    }

    private static JsonNode json(Message message, short version) throws Exception {
        return (JsonNode) converter(message)
            .getMethod("write", message.getClass(), short.class, boolean.class)
            .invoke(null, message, version, false);
    }

    private static Class<?> converter(Message message) throws ClassNotFoundException {
        return Class.forName(message.getClass().getName() + "JsonConverter");
    }
}
