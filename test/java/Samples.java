import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.record.internal.MemoryRecords;

/** Puts values that are no defaults into the fields of Kafka's generated messages. */
final class Samples {
  private Samples() {}

  /** Makes an item below a field and returns it. */
  @SuppressWarnings("unchecked")
  static Object nest(Object owner, Field field, Class<?> item) throws Exception {
    Object child = item.getDeclaredConstructor().newInstance();
    if (Collection.class.isAssignableFrom(field.getType())) {
      ((Collection<Object>) fresh(owner, field)).add(child);
    } else {
      field.set(owner, child);
    }
    return child;
  }

  /** Sets a field to something that it isn't at by default. */
  @SuppressWarnings("unchecked")
  static void set(Object owner, Field field, Class<?> item) throws Exception {
    if (Collection.class.isAssignableFrom(field.getType())) {
      ((Collection<Object>) fresh(owner, field)).add(sample(item));
    } else if (field.getType() == boolean.class) {
      field.setBoolean(owner, !field.getBoolean(owner));
    } else {
      field.set(owner, sample(field.getType()));
    }
  }

  private static Object fresh(Object owner, Field field) throws Exception {
    Object list =
        field.getType().isInterface()
            ? new ArrayList<>()
            : field.getType().getDeclaredConstructor().newInstance();
    field.set(owner, list);
    return list;
  }

  private static Object sample(Class<?> type) throws Exception {
    if (Message.class.isAssignableFrom(type)) return filled(type);
    return switch (type.getSimpleName()) {
      case "Boolean" -> true;
      case "byte", "Byte" -> (byte) 77;
      case "short", "Short" -> (short) 77;
      case "int", "Integer" -> 77;
      case "long", "Long" -> 77L;
      case "double", "Double" -> 77.0;
      case "String" -> "sample";
      case "Uuid" -> new Uuid(7, 7);
      case "byte[]" -> new byte[] {7};
      case "ByteBuffer" -> ByteBuffer.wrap(new byte[] {7});
      case "BaseRecords" -> MemoryRecords.readableRecords(ByteBuffer.wrap(new byte[] {7}));
      default -> throw new IllegalStateException("no sample of " + type);
    };
  }

  /** A struct with one number or text in it, so that it isn't equal to a blank one. */
  private static Object filled(Class<?> type) throws Exception {
    Object message = type.getDeclaredConstructor().newInstance();
    for (Field field : type.getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers())) continue;
      if (!field.getType().isPrimitive() && field.getType() != String.class) continue;
      if (field.getName().equals("next") || field.getName().equals("prev")) continue;
      field.setAccessible(true);
      set(message, field, field.getType());
      return message;
    }
    return message;
  }
}
