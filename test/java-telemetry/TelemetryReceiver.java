import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.metrics.MetricsReporter;
import org.apache.kafka.server.telemetry.ClientTelemetry;
import org.apache.kafka.server.telemetry.ClientTelemetryPayload;
import org.apache.kafka.server.telemetry.ClientTelemetryReceiver;
import org.apache.kafka.shaded.io.opentelemetry.proto.common.v1.KeyValue;
import org.apache.kafka.shaded.io.opentelemetry.proto.metrics.v1.Metric;
import org.apache.kafka.shaded.io.opentelemetry.proto.metrics.v1.MetricsData;
import org.apache.kafka.shaded.io.opentelemetry.proto.metrics.v1.NumberDataPoint;

/**
 * What a broker of Kafka hands the metrics to that clients push (KIP-714): each push is one JSON
 * object a line in the file that the broker's setting `telemetry.file` names, as the OTLP classes
 * of Kafka itself read it.
 *
 * <pre>
 * {"terminating": false, "contentType": "OTLP", "resource": {...}, "scope": "...",
 *  "metrics": [{"name": "...", "kind": "sum", "delta": true, "value": 1.0, "attributes": {...}}]}
 * </pre>
 */
public final class TelemetryReceiver
    implements MetricsReporter, ClientTelemetry, ClientTelemetryReceiver {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private Path file;

  @Override
  public void configure(Map<String, ?> configs) {
    file = Path.of(String.valueOf(configs.get("telemetry.file")));
  }

  @Override
  public ClientTelemetryReceiver clientReceiver() {
    return this;
  }

  @Override
  public synchronized void exportMetrics(
      org.apache.kafka.server.authorizer.AuthorizableRequestContext context,
      ClientTelemetryPayload payload) {
    try {
      String line = MAPPER.writeValueAsString(read(context.clientId(), payload)) + "\n";
      Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static ObjectNode read(String clientId, ClientTelemetryPayload payload)
      throws IOException {
    ObjectNode push = MAPPER.createObjectNode();
    push.put("clientId", clientId);
    push.put("terminating", payload.isTerminating());
    push.put("contentType", payload.contentType());
    ObjectNode resource = push.putObject("resource");
    var metrics = push.putArray("metrics");
    ByteBuffer data = payload.data();
    MetricsData read = MetricsData.parseFrom(data);
    for (var ofResource : read.getResourceMetricsList()) {
      putAll(resource, ofResource.getResource().getAttributesList());
      for (var ofScope : ofResource.getScopeMetricsList()) {
        push.put("scope", ofScope.getScope().getName());
        for (Metric metric : ofScope.getMetricsList()) {
          List<NumberDataPoint> points =
              metric.hasSum()
                  ? metric.getSum().getDataPointsList()
                  : metric.getGauge().getDataPointsList();
          for (NumberDataPoint point : points) {
            ObjectNode one = metrics.addObject();
            one.put("name", metric.getName());
            one.put("kind", metric.hasSum() ? "sum" : metric.hasGauge() ? "gauge" : "other");
            one.put("delta", metric.getSum().getAggregationTemporalityValue() == 1);
            one.put("value", point.getAsDouble());
            putAll(one.putObject("attributes"), point.getAttributesList());
          }
        }
      }
    }
    return push;
  }

  private static void putAll(ObjectNode node, List<KeyValue> attributes) {
    for (KeyValue each : attributes) node.put(each.getKey(), each.getValue().getStringValue());
  }

  @Override
  public void init(List<KafkaMetric> metrics) {}

  @Override
  public void metricChange(KafkaMetric metric) {}

  @Override
  public void metricRemoval(KafkaMetric metric) {}

  @Override
  public void close() {}
}
