import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.BufferSupplier;

/**
 * Writes and reads record batches with Kafka's own code. A command a line on stdin, an answer a
 * line on stdout; bytes are hexadecimal, "~" is null.
 *
 * <pre>
 * write CODEC LEVEL BASE_OFFSET LEADER_EPOCH LOG_APPEND_TIME PRODUCER_ID EPOCH SEQUENCE TXN RECORDS
 * mark commit|abort OFFSET TIMESTAMP LEADER_EPOCH PRODUCER_ID EPOCH COORDINATOR_EPOCH
 * read BATCHES
 * </pre>
 */
public final class RecordsOracle {
  private static final HexFormat HEX = HexFormat.of();

  public static void main(String[] args) throws Exception {
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      System.out.println(answer(line.split(" ")));
    }
  }

  private static String answer(String[] words) {
    try {
      return switch (words[0]) {
        case "write" -> write(words);
        case "mark" -> mark(words);
        case "read" -> read(words[1]);
        default -> "error: no command " + words[0];
      };
    } catch (Exception error) {
      return "error: " + error;
    }
  }

  private static String write(String[] words) {
    var timestampType = words[5].equals("-") ? TimestampType.CREATE_TIME : TimestampType.LOG_APPEND_TIME;
    long logAppendTime = words[5].equals("-") ? RecordBatch.NO_TIMESTAMP : Long.parseLong(words[5]);
    try (var builder = MemoryRecords.builder(
        ByteBuffer.allocate(1024),
        RecordBatch.MAGIC_VALUE_V2,
        compression(words[1], words[2]),
        timestampType,
        Long.parseLong(words[3]),
        logAppendTime,
        Long.parseLong(words[6]),
        Short.parseShort(words[7]),
        Integer.parseInt(words[8]),
        words[9].equals("true"),
        Integer.parseInt(words[4]))) {
      for (String record : words[10].split("\\|")) {
        String[] parts = record.split(";", -1);
        builder.append(Long.parseLong(parts[0]), bytes(parts[1]), bytes(parts[2]), headers(parts[3]));
      }
      return hex(builder.build().buffer());
    }
  }

  private static Compression compression(String name, String level) {
    if (level.equals("-")) return Compression.of(name).build();
    int number = Integer.parseInt(level);
    return switch (name) {
      case "gzip" -> Compression.gzip().level(number).build();
      case "lz4" -> Compression.lz4().level(number).build();
      case "zstd" -> Compression.zstd().level(number).build();
      default -> throw new IllegalArgumentException(name + " has no levels");
    };
  }

  private static String mark(String[] words) {
    var type = words[1].equals("commit") ? ControlRecordType.COMMIT : ControlRecordType.ABORT;
    return hex(MemoryRecords.withEndTransactionMarker(
        Long.parseLong(words[2]),
        Long.parseLong(words[3]),
        Integer.parseInt(words[4]),
        Long.parseLong(words[5]),
        Short.parseShort(words[6]),
        new EndTransactionMarker(type, Integer.parseInt(words[7]))).buffer());
  }

  private static String read(String hex) {
    var batches = new ArrayList<String>();
    for (MutableRecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(HEX.parseHex(hex))).batches()) {
      batch.ensureValid();
      var records = new ArrayList<String>();
      for (Record record : batch) {
        record.ensureValid();
        records.add(text(record, batch.isControlBatch()));
      }
      var streamed = new ArrayList<String>();
      try (var iterator = batch.streamingIterator(BufferSupplier.create())) {
        iterator.forEachRemaining(record -> streamed.add(text(record, batch.isControlBatch())));
      }
      if (!records.equals(streamed)) throw new IllegalStateException("streamed otherwise");
      batches.add(String.join(" ",
          batch.compressionType().name,
          String.valueOf(batch.baseOffset()),
          String.valueOf(batch.lastOffset()),
          String.valueOf(batch.partitionLeaderEpoch()),
          batch.timestampType().toString(),
          String.valueOf(batch.maxTimestamp()),
          String.valueOf(batch.producerId()),
          String.valueOf(batch.producerEpoch()),
          String.valueOf(batch.baseSequence()),
          String.valueOf(batch.isTransactional()),
          String.valueOf(batch.isControlBatch()),
          String.valueOf(batch.countOrNull()),
          String.join("|", records)));
    }
    return String.join(" / ", batches);
  }

  private static String text(Record record, boolean control) {
    if (control) {
      var marker = EndTransactionMarker.deserialize(record);
      return record.offset() + ";" + record.timestamp() + ";"
          + marker.controlType().name().toLowerCase() + ";" + marker.coordinatorEpoch();
    }
    List<String> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      headers.add(HEX.formatHex(header.key().getBytes(StandardCharsets.UTF_8)) + "=" + hex(header.value()));
    }
    return record.offset() + ";" + record.timestamp() + ";" + hex(record.key()) + ";" + hex(record.value())
        + ";" + String.join(",", headers);
  }

  private static Header[] headers(String text) {
    if (text.isEmpty()) return Record.EMPTY_HEADERS;
    String[] parts = text.split(",");
    var headers = new Header[parts.length];
    for (int i = 0; i < parts.length; i++) {
      String[] pair = parts[i].split("=", -1);
      String key = new String(HEX.parseHex(pair[0]), StandardCharsets.UTF_8);
      headers[i] = new RecordHeader(key, bytes(pair[1]));
    }
    return headers;
  }

  private static byte[] bytes(String hex) {
    return hex.equals("~") ? null : HEX.parseHex(hex);
  }

  private static String hex(byte[] bytes) {
    return bytes == null ? "~" : HEX.formatHex(bytes);
  }

  private static String hex(ByteBuffer buffer) {
    if (buffer == null) return "~";
    var bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return HEX.formatHex(bytes);
  }
}
