/** How Kafka names the fields of its schemas after those of its classes. */
final class MessageNames {
  private MessageNames() {}

  /** throttleTimeMs -> throttle_time_ms */
  static String snake(String camel) {
    var snake = new StringBuilder();
    for (char letter : camel.toCharArray()) {
      if (Character.isUpperCase(letter)) snake.append('_');
      snake.append(Character.toLowerCase(letter));
    }
    return snake.toString();
  }
}
