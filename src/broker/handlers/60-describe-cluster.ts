/**
 * DescribeCluster, versions 0 to 2.
 *
 * - Tells the cluster's id, controller and living brokers. 1: asked for controllers (endpoint
 *   type 2), it answers MISMATCHED_ENDPOINT_TYPE, as every broker does. 2: stopped brokers are
 *   told as fenced where that is asked for.
 */
import { DescribeCluster } from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'
import { endpointOf } from '../model/broker-node.ts'
import { code } from './answers.ts'

const BROKERS = 1
const CONTROLLERS = 2

export const describeCluster = on(
  DescribeCluster,
  [0, 2],
  async (request, { cluster, listener }) => {
    const { endpointType, includeFencedBrokers } = request
    if (endpointType !== BROKERS) {
      const isKnown = endpointType === CONTROLLERS
      return {
        errorCode: code(isKnown ? 'MISMATCHED_ENDPOINT_TYPE' : 'UNSUPPORTED_ENDPOINT_TYPE'),
        errorMessage: 'The request was sent to an endpoint of the wrong type.',
        clusterId: '',
        brokers: [],
      }
    }
    const nodes = includeFencedBrokers ? cluster.nodes : cluster.livingNodes
    return {
      errorCode: 0,
      clusterId: cluster.clusterId,
      controllerId: cluster.controllerId,
      brokers: nodes.map(node => {
        const { nodeId: brokerId, host, port, rack } = endpointOf(node, listener)
        return { brokerId, host, port, rack, isFenced: !node.isAlive }
      }),
    }
  },
)
