import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Apache Kafka's own client. Arguments and result as in work.js. */
public final class Java {
  record Pair(byte[] key, byte[] value) {}

  public static void main(String[] args) throws Exception {
    Pair[] pool = Files.readAllLines(Path.of(args[5])).stream().map(Java::pair).toArray(Pair[]::new);
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    settings.put("compression.type", args[3]);
    settings.put("acks", "all");
    settings.put("enable.idempotence", true);
    settings.put("linger.ms", 10);
    settings.put("batch.size", 131072);
    settings.put("buffer.memory", System.getenv().getOrDefault("BUFFER", "33554432"));
    settings.put("key.serializer", ByteArraySerializer.class);
    settings.put("value.serializer", ByteArraySerializer.class);
    try (var producer = new KafkaProducer<byte[], byte[]>(settings)) {
      produce(producer, args[1], pool, Integer.parseInt(args[2]));
      double cpu = cpuSeconds();
      long start = System.nanoTime();
      long delivered = produce(producer, args[1], pool, Integer.parseInt(args[2]));
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          "{\"delivered\":%d,\"seconds\":%f,\"cpuSeconds\":%f,\"rssMiB\":%f}%n",
          delivered, seconds, cpuSeconds() - cpu, peakMiB());
    }
  }

  static Pair pair(String line) {
    String[] parts = line.split("\t");
    return new Pair(bytes(parts[0]), bytes(parts[1]));
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static long produce(KafkaProducer<byte[], byte[]> producer, String topic, Pair[] pool, int count) {
    AtomicLong delivered = new AtomicLong();
    for (int i = 0; i < count; i++) {
      Pair pair = pool[i % pool.length];
      producer.send(
          new ProducerRecord<>(topic, pair.key, pair.value),
          (metadata, error) -> {
            if (error == null) delivered.incrementAndGet();
          });
    }
    producer.flush();
    return delivered.get();
  }

  static double cpuSeconds() {
    var system =
        (com.sun.management.OperatingSystemMXBean)
            java.lang.management.ManagementFactory.getOperatingSystemMXBean();
    return system.getProcessCpuTime() / 1e9;
  }

  static double peakMiB() throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
    }
    return 0;
  }
}
