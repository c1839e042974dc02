INSERT INTO touchpoint_minutes (minute, channel, place, campaign, segment, total, negatives, score_sum, customers, durations, version)
WITH
    people AS (SELECT customer FROM touchpoints WHERE minute IN {minutes:Array(DateTime('UTC'))}),
    blamed AS (
        SELECT arrayJoin(latest.1)
        FROM (SELECT argMax((evidence, weight < 0 AND NOT gone), revision) AS latest FROM signals WHERE customer IN people GROUP BY customer, id)
        WHERE latest.2),
    histories AS (
        SELECT
            customer,
            groupArrayIf((latest.1, latest.2, latest.3), NOT latest.4) AS marks,
            sum(toUInt128(revised) + 1) AS seen
        FROM (
            SELECT
                customer,
                argMax((toUnixTimestamp64Milli(at), weight, half_life, gone), revision) AS latest,
                max(revision) AS revised
            FROM signals WHERE customer IN people GROUP BY customer, id)
        GROUP BY customer),
    profiles AS (
        SELECT customer, argMax(segment, revision) AS segment, max(toUInt128(revision)) AS seen
        FROM customers WHERE customer IN people GROUP BY customer)
SELECT
    minute,
    channel,
    place,
    campaign,
    segment,
    count(),
    countIf(negative),
    sum(toInt64(score)),
    uniqState(customer),
    quantilesDDStateIf(0.005, 0.5, 0.95)(toFloat64(duration), duration > 0),
    sum(sum(worth)) OVER (PARTITION BY minute)
FROM (
    SELECT
        t.minute AS minute,
        t.channel AS channel,
        t.place AS place,
        t.campaign AS campaign,
        p.segment AS segment,
        t.customer AS customer,
        t.duration_ms AS duration,
        t.id IN blamed AS negative,
        toUnixTimestamp64Milli(t.occurred_at) AS moment,
        greatest(0, least(10000, 10000 + arraySum(m -> multiIf(
            m.1 > moment, 0.,
            m.1 = moment OR m.3 <= 0, toFloat64(m.2),
            sign(m.2) * floor(abs(m.2 * exp2((m.1 - moment) / 1000. / m.3)) + 0.5)), h.marks))) AS score,
        toUInt128(t.revision) + 1 + h.seen + p.seen AS worth
    FROM (
        SELECT minute, channel, place, campaign, customer, duration_ms, id, occurred_at, revision
        FROM touchpoints FINAL WHERE minute IN {minutes:Array(DateTime('UTC'))}) AS t
    LEFT JOIN histories AS h ON t.customer = h.customer
    LEFT JOIN profiles AS p ON t.customer = p.customer)
GROUP BY minute, channel, place, campaign, segment
