import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Base64;
import java.util.Collection;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.record.internal.MemoryRecords;

/** Kafka's generated messages by name, and their JSON. */
final class Messages {
  private static final String PACKAGE = "org.apache.kafka.common.message.";

  private Messages() {}

  static boolean exists(String name) {
    try {
      classOf(name);
      return true;
    } catch (ClassNotFoundException absent) {
      return false;
    }
  }

  static Message blank(String name) throws Exception {
    return (Message) classOf(name).getDeclaredConstructor().newInstance();
  }

  static Message read(String name, JsonNode json, short version) throws Exception {
    var method = converter(classOf(name)).getMethod("read", JsonNode.class, short.class);
    return (Message) invoke(method, json, version);
  }

  /** The message as JSON: records in base64, every int64 as text so that none is rounded. */
  static JsonNode write(Message message, short version) throws Exception {
    Class<?> type = message.getClass();
    var method = converter(type).getMethod("write", type, short.class, boolean.class);
    JsonNode json = (JsonNode) invoke(method, message, version, true);
    fillRecords(message, (ObjectNode) json);
    return longsAsText(json);
  }

  /** Most messages are kept in a class whose name ends with Data. */
  private static Class<?> classOf(String name) throws ClassNotFoundException {
    try {
      return Class.forName(PACKAGE + name + "Data");
    } catch (ClassNotFoundException notData) {
      return Class.forName(PACKAGE + name);
    }
  }

  private static Class<?> converter(Class<?> type) throws ClassNotFoundException {
    return Class.forName(type.getName() + "JsonConverter");
  }

  private static Object invoke(Method method, Object... arguments)
      throws Exception {
    try {
      return method.invoke(null, arguments);
    } catch (InvocationTargetException failure) {
      if (failure.getCause() instanceof Exception cause) throw cause;
      throw failure;
    }
  }

  /** Kafka's converters leave the records out. */
  private static void fillRecords(Object message, ObjectNode json) throws Exception {
    for (Field field : message.getClass().getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers()) || !json.has(field.getName())) continue;
      field.setAccessible(true);
      Object value = field.get(message);
      if (value instanceof MemoryRecords records) {
        byte[] bytes = new byte[records.sizeInBytes()];
        records.buffer().duplicate().get(bytes);
        json.put(field.getName(), Base64.getEncoder().encodeToString(bytes));
      } else if (value instanceof Collection<?> items) {
        fillEach(items, json.get(field.getName()));
      }
    }
  }

  private static void fillEach(Collection<?> items, JsonNode json) throws Exception {
    int i = 0;
    for (Object item : items) {
      if (item instanceof Message) fillRecords(item, (ObjectNode) json.get(i));
      i++;
    }
  }

  private static JsonNode longsAsText(JsonNode node) {
    if (node.isLong()) return JsonNodeFactory.instance.textNode(node.asText());
    if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) array.set(i, longsAsText(array.get(i)));
    } else if (node instanceof ObjectNode object) {
      object.properties().forEach(entry -> entry.setValue(longsAsText(entry.getValue())));
    }
    return node;
  }
}
