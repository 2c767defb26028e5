// The same rows as AudienceOS' client list, from the same database: one query, no session, no rule, drawn by the server
// at every request.
import { Pool } from "pg";

export const dynamic = "force-dynamic";

const pool = (globalThis.pool ??= new Pool({ max: 20 }));

const QUERY = `
  select c.id, c.name, s.name as stage, c.stage_since, o.stage_yellow_days, o.stage_red_days
  from client c
  join stage s on s.organization_id = c.organization_id and s.id = c.stage_id
  join organization o on o.organization_id = c.organization_id
  where c.archived_at is null
  order by c.created_at desc, c.id desc limit 50`;

function pace(row, days) {
  if (days >= row.stage_red_days) return "Stuck";
  return days >= row.stage_yellow_days ? "Slow" : "On pace";
}

export default async function Clients() {
  const { rows } = await pool.query({ name: "clients", text: QUERY });
  return (
    <main>
      <h1>Clients</h1>
      <table data-test="clients">
        <thead>
          <tr><th>Name</th><th>Stage</th><th>Days in stage</th><th>Pace</th></tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const days = Math.floor((Date.now() - row.stage_since) / 86_400_000);
            return (
              <tr key={row.id}>
                <td><a href={`/clients/${row.id}`}>{row.name}</a></td>
                <td>{row.stage}</td>
                <td>{days}</td>
                <td>{pace(row, days)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </main>
  );
}
