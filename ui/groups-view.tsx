import type { GroupView } from '../src/dashboard/views.ts'
import { api } from './api.ts'
import { useAsked } from './use-asked.ts'

const EVERY_MS = 2_000

/** The groups of the cluster: who owns what, and how far behind they are. */
export function GroupsView() {
  const { value: groups, problem } = useAsked(api.groups, EVERY_MS)
  return (
    <div class="groups">
      {problem && (
        <p class="trouble" role="alert">
          {problem}
        </p>
      )}
      {!groups && !problem && <p class="nothing">The cluster is asked …</p>}
      {groups?.length === 0 && <p class="nothing">There is no group yet.</p>}
      {groups?.map(group => (
        <Group key={group.name} group={group} />
      ))}
    </div>
  )
}

function Group({ group }: { group: GroupView }) {
  const { name, state, type, members, partitions, lag } = group
  const clients = new Map(members.map(({ memberId, clientId }) => [memberId, clientId]))
  return (
    <section class="card" aria-label={`Group ${name}`} data-group={name} data-lag={lag}>
      <h2>
        {name} <span class="badge">{state}</span> <span class="badge">{type}</span>
        <span class={`badge ${lag > 0 ? 'warn' : 'good'}`}>lag {lag.toLocaleString('en-US')}</span>
      </h2>
      <ul class="share">
        {members.map(({ memberId, clientId, partitions: owned }) => (
          <li key={memberId} class="small">
            <b>{clientId}</b> owns {owned.length === 0 ? 'nothing' : owned.join(', ')}
          </li>
        ))}
      </ul>
      <section class="scroll" tabIndex={0} aria-label={`Partitions of ${name}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">slot</th>
              <th scope="col">committed</th>
              <th scope="col">end</th>
              <th scope="col">lag</th>
              <th scope="col">owner</th>
            </tr>
          </thead>
          <tbody>
            {partitions.map(each => (
              <tr key={`${each.topic}/${each.partition}`}>
                <th scope="row">
                  {each.topic} [{each.partition}]
                </th>
                <td>{each.committed ?? '–'}</td>
                <td>{each.end ?? '–'}</td>
                <td>{each.lag ?? '–'}</td>
                <td>{clients.get(each.memberId ?? '') ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}
