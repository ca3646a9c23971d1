import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;

/**
 * Tells what Kafka's generated class of a message knows of its fields: types, the versions that
 * have each and allow it to be null, tags, defaults, and (by trying) which may be dropped.
 */
final class Describer {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** A field on the way from the message to the one that is looked at. */
  private record Step(Field field, Class<?> item) {}

  private final Class<?> root;
  private final short lowest;
  private final short highest;

  Describer(Class<?> root) throws Exception {
    this.root = root;
    this.lowest = root.getField("LOWEST_SUPPORTED_VERSION").getShort(null);
    this.highest = root.getField("HIGHEST_SUPPORTED_VERSION").getShort(null);
  }

  ArrayNode fields() throws Exception {
    return fields(root, List.of());
  }

  private ArrayNode fields(Class<?> type, List<Step> path) throws Exception {
    Object blank = type.getDeclaredConstructor().newInstance();
    ArrayNode list = NODES.arrayNode();
    for (Field field : type.getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers()) || !isDeclared(field)) continue;
      field.setAccessible(true);
      ObjectNode row = list.addObject().put("name", field.getName());
      versions(row, type, field);
      Class<?> item = itemOf(field);
      boolean isArray = Collection.class.isAssignableFrom(field.getType());
      row.put("array", isArray).put("type", typeName(row, item));
      value(row, field.get(blank));
      var here = new ArrayList<>(path);
      here.add(new Step(field, item));
      if (isMessage(item)) row.set("fields", fields(item, here));
      ignorable(row, here);
    }
    return list;
  }

  private static boolean isDeclared(Field field) {
    return switch (field.getName()) {
      case "_unknownTaggedFields", "next", "prev" -> false;
      default -> true;
    };
  }

  /** Which versions have the field, as what tag, and in which it may be null. */
  private void versions(ObjectNode row, Class<?> type, Field field) throws Exception {
    Schema[] schemas = (Schema[]) type.getField("SCHEMAS").get(null);
    ArrayNode present = row.putArray("versions");
    ArrayNode nullable = row.putArray("nullable");
    for (short v = lowest; v <= highest && v < schemas.length; v++) {
      if (schemas[v] == null) continue;
      var found = find(schemas[v], snake(field.getName()), row);
      if (found == null) continue;
      present.add(v);
      if (found.isNullable()) nullable.add(v);
      row.put("wire", found.toString());
    }
  }

  private static org.apache.kafka.common.protocol.types.Type find(
      Schema schema, String name, ObjectNode row) {
    for (BoundField bound : schema.fields()) {
      if (bound.def.name.equals(name)) return bound.def.type;
      if (!(bound.def.type instanceof TaggedFields tagged)) continue;
      for (var entry : tagged.fields().entrySet()) {
        if (!entry.getValue().name.equals(name)) continue;
        row.put("tag", entry.getKey());
        return entry.getValue().type;
      }
    }
    return null;
  }

  /** Kafka's schemas name the field throttleTimeMs of a class throttle_time_ms. */
  private static String snake(String camel) {
    var snake = new StringBuilder();
    for (char letter : camel.toCharArray()) {
      if (Character.isUpperCase(letter)) snake.append('_');
      snake.append(Character.toLowerCase(letter));
    }
    return snake.toString();
  }

  private static Class<?> itemOf(Field field) {
    if (!Collection.class.isAssignableFrom(field.getType())) return field.getType();
    Type generic = field.getGenericType();
    if (!(generic instanceof ParameterizedType)) generic = field.getType().getGenericSuperclass();
    return (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0];
  }

  private static boolean isMessage(Class<?> type) {
    return Message.class.isAssignableFrom(type);
  }

  private static String typeName(ObjectNode row, Class<?> type) {
    if (isMessage(type)) return "struct";
    String wire = row.path("wire").asText();
    return switch (type.getSimpleName()) {
      case "boolean", "Boolean" -> "bool";
      case "byte", "Byte" -> "int8";
      case "short", "Short" -> "int16";
      case "int", "Integer" -> wire.contains("UINT16") ? "uint16" : "int32";
      case "long", "Long" -> wire.contains("UINT32") ? "uint32" : "int64";
      case "double", "Double" -> "float64";
      case "String" -> "string";
      case "Uuid" -> "uuid";
      case "byte[]", "ByteBuffer" -> "bytes";
      case "BaseRecords" -> "records";
      default -> throw new IllegalStateException("unknown type " + type);
    };
  }

  private static void value(ObjectNode row, Object value) {
    if (value == null) row.putNull("default");
    else if (value instanceof Boolean flag) row.put("default", flag);
    else if (value instanceof Number number) row.put("default", number.toString());
    else if (value instanceof String || value instanceof Uuid) row.put("default", value.toString());
    else row.put("default", "empty");
  }

  /** Tries to write a message that sets the field, in a version that has its parents alone. */
  private void ignorable(ObjectNode row, List<Step> path) throws Exception {
    Field last = path.get(path.size() - 1).field();
    Class<?> owner = last.getDeclaringClass();
    Schema[] schemas = (Schema[]) owner.getField("SCHEMAS").get(null);
    for (short v = lowest; v <= highest; v++) {
      boolean ownerExists = v < schemas.length && schemas[v] != null;
      if (!ownerExists || find(schemas[v], snake(last.getName()), NODES.objectNode()) != null) {
        continue;
      }
      Boolean verdict = tryWithout(path, v);
      if (verdict == null) continue;
      row.put("ignorable", verdict);
      return;
    }
  }

  /** Null where this version can't tell, since a parent is missing too. */
  private Boolean tryWithout(List<Step> path, short version) throws Exception {
    Object message = root.getDeclaredConstructor().newInstance();
    Object owner = message;
    for (Step step : path.subList(0, path.size() - 1)) {
      Schema[] schemas = (Schema[]) owner.getClass().getField("SCHEMAS").get(null);
      String name = snake(step.field().getName());
      if (find(schemas[version], name, NODES.objectNode()) == null) return null;
      owner = Samples.nest(owner, step.field(), step.item());
    }
    Step last = path.get(path.size() - 1);
    Samples.set(owner, last.field(), last.item());
    try {
      MessageUtil.toByteBufferAccessor((Message) message, version);
      return true;
    } catch (UnsupportedVersionException refused) {
      return false;
    }
  }
}
