import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;

/**
 * Runs Kafka's own assignors. A line on stdin is one group, an answer a line on stdout:
 *
 * <pre>
 * ASSIGNOR TOPIC:COUNT,... MEMBER:INSTANCE:SUBSCRIPTION_HEX ...   -> MEMBER=TOPIC-PARTITION,... ...
 * </pre>
 *
 * Subscriptions come as the bytes that a member sends; "~" is no instance id.
 */
public final class Assign {
  private static final HexFormat HEX = HexFormat.of();
  private static final Node[] NODES = {new Node(0, "localhost", 9092)};

  public static void main(String[] args) throws Exception {
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      try {
        System.out.println(answer(line.split(" ")));
      } catch (Exception error) {
        System.out.println("error: " + error);
      }
    }
  }

  private static String answer(String[] words) {
    var partitions = new ArrayList<PartitionInfo>();
    for (String topic : words[1].split(",")) {
      String[] parts = topic.split(":");
      for (int i = 0; i < Integer.parseInt(parts[1]); i++) {
        partitions.add(new PartitionInfo(parts[0], i, NODES[0], NODES, NODES));
      }
    }
    Map<String, Subscription> members = new HashMap<>();
    for (int i = 2; i < words.length; i++) {
      String[] parts = words[i].split(":");
      var subscription = ConsumerProtocol.deserializeSubscription(
          ByteBuffer.wrap(HEX.parseHex(parts[2])));
      if (!parts[1].equals("~")) subscription.setGroupInstanceId(Optional.of(parts[1]));
      members.put(parts[0], subscription);
    }
    var cluster = new Cluster("c", List.of(NODES), partitions, java.util.Set.of(), java.util.Set.of());
    Map<String, Assignment> shares =
        assignor(words[0]).assign(cluster, new GroupSubscription(members)).groupAssignment();
    var answer = new ArrayList<String>();
    new TreeMap<>(shares).forEach((member, share) -> {
      var names = new TreeSet<String>();
      share.partitions().forEach(each -> names.add(each.toString()));
      answer.add(member + "=" + String.join(",", names));
    });
    return String.join(" ", answer);
  }

  private static ConsumerPartitionAssignor assignor(String name) {
    return switch (name) {
      case "range" -> new RangeAssignor();
      case "roundrobin" -> new RoundRobinAssignor();
      case "sticky" -> new StickyAssignor();
      default -> new CooperativeStickyAssignor();
    };
  }
}
