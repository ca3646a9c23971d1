import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.kafka.common.errors.InvalidMetadataException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.utils.Utils;

/**
 * Answers questions about the protocol with Kafka's own classes: one JSON object a line in, one a
 * line out, in order. What went wrong comes back as {"error": "..."}; the program goes on.
 *
 * <pre>
 * {"do": "encode", "message": M, "version": 9, "json": {...}}     -> {"bytes": base64}
 * {"do": "decode", "message": M, "version": 9, "bytes": base64}   -> {"json": {...}}
 * {"do": "frame", "api": 0, "version": 9, "correlationId": 1, "clientId": "x", "json": {...}}
 *                                                                 -> {"bytes": base64}
 * {"do": "describe", "message": M}                                -> {"fields": [...]}
 * {"do": "apis"}                                                  -> {"apis": [...]}
 * {"do": "errors"}                                                -> {"errors": [...]}
 * {"do": "partition", "key": base64, "partitions": 12}            -> {"partition": 7}
 * </pre>
 *
 * M is the name of a message: "ProduceRequest", "FetchResponse", "ConsumerProtocolAssignment".
 */
public final class Oracle {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  public static void main(String[] args) throws Exception {
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(MAPPER.writeValueAsString(answer(line)));
      if (!in.ready()) out.flush();
    }
    out.flush();
  }

  private static JsonNode answer(String line) {
    try {
      JsonNode question = MAPPER.readTree(line);
      return switch (question.get("do").asText()) {
        case "encode" -> encode(question);
        case "decode" -> decode(question);
        case "frame" -> frame(question);
        case "describe" -> describe(question);
        case "apis" -> apis();
        case "errors" -> errors();
        case "partition" -> partition(question);
        default -> throw new IllegalArgumentException("unknown question");
      };
    } catch (Throwable failure) {
      Throwable cause = failure.getCause() == null ? failure : failure.getCause();
      return NODES.objectNode().put("error", cause.toString());
    }
  }

  private static JsonNode encode(JsonNode question) throws Exception {
    short version = version(question);
    Message message = Messages.read(name(question), question.get("json"), version);
    return NODES.objectNode().put("bytes", base64(bytes(message, version)));
  }

  private static JsonNode decode(JsonNode question) throws Exception {
    short version = version(question);
    byte[] bytes = Base64.getDecoder().decode(question.get("bytes").asText());
    var accessor = new ByteBufferAccessor(ByteBuffer.wrap(bytes));
    Message message = Messages.blank(name(question));
    message.read(accessor, version);
    if (accessor.remaining() != 0) {
      throw new IllegalArgumentException(accessor.remaining() + " bytes left over");
    }
    ObjectNode answer = NODES.objectNode();
    answer.set("json", Messages.write(message, version));
    return answer;
  }

  private static JsonNode frame(JsonNode question) throws Exception {
    ApiMessageType api = ApiMessageType.fromApiKey((short) question.get("api").asInt());
    short version = version(question);
    var header =
        new RequestHeader(
            ApiKeys.forId(api.apiKey()),
            version,
            question.get("clientId").isNull() ? null : question.get("clientId").asText(),
            question.get("correlationId").asInt());
    Message body = Messages.read(api.name + "Request", question.get("json"), version);
    ByteBuffer head = bytes(header.data(), header.headerVersion());
    ByteBuffer rest = bytes(body, version);
    ByteBuffer whole = ByteBuffer.allocate(4 + head.remaining() + rest.remaining());
    whole.putInt(head.remaining() + rest.remaining()).put(head).put(rest).flip();
    return NODES.objectNode().put("bytes", base64(whole));
  }

  private static JsonNode describe(JsonNode question) throws Exception {
    ObjectNode answer = NODES.objectNode();
    answer.set("fields", new Describer(Messages.blank(name(question)).getClass()).fields());
    return answer;
  }

  private static JsonNode apis() {
    ArrayNode list = NODES.arrayNode();
    for (ApiMessageType api : ApiMessageType.values()) {
      if (!Messages.exists(api.name + "Request")) continue;
      ObjectNode row = list.addObject();
      row.put("key", api.apiKey()).put("name", api.name);
      row.put("min", api.lowestSupportedVersion());
      row.put("max", api.highestSupportedVersion(false));
      row.put("unstableMax", api.highestSupportedVersion(true));
      row.put("responseHeaderAtMax", api.responseHeaderVersion(api.highestSupportedVersion(false)));
      ArrayNode headers = row.putArray("requestHeaders");
      for (short v = api.lowestSupportedVersion(); v <= api.highestSupportedVersion(false); v++) {
        headers.add(api.requestHeaderVersion(v));
      }
      ArrayNode listeners = row.putArray("listeners");
      api.listeners().forEach(listener -> listeners.add(listener.name().toLowerCase()));
    }
    return wrap("apis", list);
  }

  private static JsonNode errors() {
    ArrayNode list = NODES.arrayNode();
    for (Errors error : Errors.values()) {
      ObjectNode row = list.addObject();
      row.put("code", error.code()).put("name", error.name());
      row.put("retriable", error.exception() instanceof RetriableException);
      row.put("refreshesMetadata", error.exception() instanceof InvalidMetadataException);
    }
    return wrap("errors", list);
  }

  private static JsonNode partition(JsonNode question) {
    byte[] key = Base64.getDecoder().decode(question.get("key").asText());
    int partitions = question.get("partitions").asInt();
    int partition = Utils.toPositive(Utils.murmur2(key)) % partitions;
    return NODES.objectNode().put("partition", partition);
  }

  private static ByteBuffer bytes(Message message, short version) {
    return MessageUtil.toByteBufferAccessor(message, version).buffer();
  }

  private static ObjectNode wrap(String name, JsonNode value) {
    ObjectNode answer = NODES.objectNode();
    answer.set(name, value);
    return answer;
  }

  private static String name(JsonNode question) {
    return question.get("message").asText();
  }

  private static short version(JsonNode question) {
    return (short) question.get("version").asInt();
  }

  private static String base64(ByteBuffer bytes) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.get(copy);
    return Base64.getEncoder().encodeToString(copy);
  }
}
