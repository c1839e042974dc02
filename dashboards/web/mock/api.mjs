// The HTTP API over the mock's world.

export async function api({ world, hub, token }, req, url, res) {
  if (token && req.headers.authorization !== `Bearer ${token}`) return problem(res, 401, 'Unauthorized', 'a bearer token is needed');
  const now = Date.now();
  const [kind, id, verb] = url.pathname.slice('/api/v1/'.length).split('/').map(decodeURIComponent);
  const alerts = [...world.alerts.values()];
  switch (`${req.method} ${kind}`) {
    case 'GET customers': {
      const p = world.people.get(id);
      if (!p) return problem(res, 404, 'Not found', `no customer ${id} is known`);
      if (verb === 'touchpoints') return json(res, 200, page(p, url));
      const explanation = world.explain(p, now);
      return json(res, 200, { state: state(p, now), score: explanation.score, explanation, alerts: alerts.filter((a) => a.subject.id === id), as_of: now });
    }
    case 'GET places': {
      const p = world.places.get(id);
      if (!p) return problem(res, 404, 'Not found', `no place ${id} is known`);
      return json(res, 200, { state: { id, now, signals: p.total, hits: p.hits.slice(-200) }, alerts: alerts.filter((a) => a.subject.id === id) });
    }
    case 'GET alerts': {
      const wanted = (name, value) => !url.searchParams.get(name) || url.searchParams.get(name) === value;
      return json(res, 200, { alerts: alerts.filter((a) => wanted('phase', a.phase) && wanted('severity', a.severity)) });
    }
    case 'GET risk':
      return json(res, 200, { customers: world.risk(now).slice(0, Number(url.searchParams.get('limit') ?? 50)) });
    case 'GET minutes':
      return problem(res, 503, 'Service unavailable', 'history is unavailable: the mock has no ClickHouse');
    case 'POST alerts': {
      const body = await read(req);
      if (!body.by) return problem(res, 422, 'Unprocessable', 'by is missing: say who acts');
      if (world.alerts.get(id)?.subject.id !== body.subject) return problem(res, 404, 'Not found', `no alert ${id} on ${body.subject}`);
      // The real one answers before the entry has come back through the timeline.
      setTimeout(() => {
        world.act(id, verb, body, Date.now());
        hub.beat();
      }, 120);
      return json(res, 202, {});
    }
    default:
      return problem(res, 404, 'Not found', `there is no ${url.pathname}`);
  }
}

function state(p, now) {
  const channels = ['website', 'chat', 'social', 'call'].map((channel) => {
    const own = p.touchpoints.filter((t) => t.channel === channel);
    return { channel, total: own.length, negative: p.signals.filter((s) => s.channel === channel && s.weight < 0).length, last: own[0]?.occurred_at ?? 0 };
  });
  return { id: p.id, profile: p.profile, aliases: p.aliases, first_seen: p.first, last_seen: p.touchpoints[0]?.occurred_at ?? p.first, now, touchpoints: p.total, channels: channels.filter((c) => c.total) };
}

function page(p, url) {
  const before = Number(url.searchParams.get('before') ?? Infinity) || Infinity;
  return { touchpoints: p.touchpoints.filter((t) => t.occurred_at < before).slice(0, Number(url.searchParams.get('limit') ?? 50)), source: 'redis' };
}

async function read(req) {
  let text = '';
  for await (const part of req) text += part;
  return JSON.parse(text || '{}');
}

const json = (res, status, body) => res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
const problem = (res, status, title, detail) =>
  res.writeHead(status, { 'Content-Type': 'application/problem+json' }).end(JSON.stringify({ title, status, detail }));
