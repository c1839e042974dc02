// The people of the mock's story and what can happen to them. Seeded: the same seed tells the same story.

/** A small seeded generator (mulberry32): numbers in [0, 1). */
export function seeded(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const names = [
  ['Anna Weber', 'vip', 48200, 'Mia Brandt', 'de'],
  ['Jeroen de Vries', 'business', 126000, 'Tom Hale', 'nl'],
  ['Олег Соколов', 'consumer', 1240, '', 'ru'],
  ['Grace Okafor', 'vip', 61500, 'Mia Brandt', 'en'],
  ['Lukas Hoffmann', 'business', 88400, 'Tom Hale', 'de'],
  ['Sofie Jansen', 'consumer', 860, '', 'nl'],
  ['Daniel Reed', 'consumer', 2310, '', 'en'],
  ['Ирина Павлова', 'business', 43100, 'Ravi Menon', 'ru'],
  ['Maximilian von Hohenfels-Lichtenberg', 'vip', 214000, 'Mia Brandt', 'de'],
  ['Ella Novak', 'consumer', 640, '', 'en'],
  ['Bram Bakker', 'consumer', 1980, '', 'nl'],
  ['Priya Raman', 'business', 31750, 'Ravi Menon', 'en'],
  ['Tobias Lang', 'consumer', 420, '', 'de'],
  ['Hannah Fischer', 'consumer', 1530, '', 'de'],
  ['Marco Rossi', 'business', 19600, 'Ravi Menon', 'en'],
  ['Noor el Amrani', 'consumer', 770, '', 'nl'],
  ['Peter Lindqvist', 'consumer', 2890, '', 'en'],
  ['Clara Schmitt', 'vip', 37400, 'Mia Brandt', 'de'],
  ['Owen Price', 'consumer', 350, '', 'en'],
  ['Fleur Visser', 'consumer', 1110, '', 'nl'],
];

export function people() {
  return names.map(([name, segment, value, owner, language], i) => {
    const id = `cus_${(0x8f31c07a + i * 7919).toString(16)}`;
    const short = latin(name);
    return {
      id,
      profile: { name, segment, value, owner, language, relationship: i === 14 ? 'supplier' : 'customer', consent: 'granted' },
      aliases: [
        { kind: 'id', value: id },
        { kind: 'email', value: `${short}@example.com` },
        { kind: 'phone', value: `+4930${5550100 + i * 37}` },
        ...(i % 3 === 0 ? [{ kind: 'handle', value: `x:${short}` }] : []),
        { kind: 'cookie', value: `b-${(i * 2654435761).toString(36)}` },
      ],
    };
  });
}

function latin(name) {
  const map = { О: 'o', л: 'l', е: 'e', г: 'g', С: 's', о: 'o', к: 'k', в: 'v', И: 'i', р: 'r', и: 'i', н: 'n', а: 'a', П: 'p' };
  return [...name].map((c) => map[c] ?? c).join('').toLowerCase().replace(/[^a-z]+/g, '.');
}

const calm = [
  [30, 'website', 'website.page_view', { page: '/' }],
  [24, 'website', 'website.page_view', { page: '/products/espresso-machine' }],
  [18, 'website', 'website.click', { page: '/products/espresso-machine', element: 'button#add-to-cart' }],
  [10, 'website', 'website.page_view', { page: '/cart' }],
  [8, 'website', 'website.search', { page: '/search' }, 'descaler'],
  [6, 'website', 'website.form_start', { page: '/account', form: 'address' }],
  [5, 'website', 'website.purchase', { page: '/checkout' }, '', { amount: 129.9, attributes: { currency: 'EUR' }, signals: [['purchase', 6, 86400, 'bought for 129.90 EUR']] }],
  [7, 'chat', 'chat.opened', { queue: 'orders', platform: 'chatwoot' }],
  [9, 'chat', 'chat.customer_message', { queue: 'orders' }, 'Hi, can I still change the delivery address?', { mood: 0 }],
  [8, 'chat', 'chat.agent_message', { queue: 'orders', agent: 'Sam' }, 'Of course, I have changed it for you.'],
  [3, 'chat', 'chat.rating', { queue: 'orders' }, 'Super schnell, vielen Dank!', { mood: -0.7, rating: ['csat', 5, 1, 5], signals: [['good_rating', 8, 259200, 'rated the chat 5 of 5']] }],
  [5, 'social', 'social.mention', { platform: 'x' }, 'Coffee from @beanworks again this morning. Never going back.', { mood: -0.6 }],
  [3, 'social', 'social.post', { platform: 'mastodon' }, 'Does the new grinder fit the old machine?', { mood: 0 }],
  [6, 'call', 'call.queued', { queue: 'service' }],
  [5, 'call', 'call.answered', { queue: 'service', agent: 'Lea' }, '', { duration: 22000 }],
  [4, 'call', 'call.turn', { queue: 'service' }, 'I would like to order the same beans as last month.', { mood: 0, attributes: { role: 'customer' } }],
  [4, 'call', 'call.ended', { queue: 'service' }, '', { duration: 245000, attributes: { reason: 'completed' } }],
];

const trouble = [
  [8, 'website', 'website.click', { page: '/checkout', element: 'button#pay' }, '', { signals: [['rage_click', -12, 3600, "clicked 'Pay now' 6 times in 3 s without effect"]] }],
  [6, 'website', 'website.request_failed', { page: '/checkout' }, '', { status: 502, signals: [['failed_request', -6, 3600, 'the request /api/pay failed with status 502']] }],
  [5, 'website', 'website.checkout_failed', { page: '/checkout' }, 'Payment could not be authorised', { signals: [['checkout_failed', -15, 21600, 'the checkout failed: payment could not be authorised']] }],
  [4, 'website', 'website.form_error', { page: '/account', form: 'address', field: 'postcode' }, 'Invalid postcode', { signals: [['form_struggle', -5, 3600, 'field postcode was refused 3 times']] }],
  [5, 'chat', 'chat.customer_message', { queue: 'orders' }, 'Nobody answers me. I have been waiting for twenty minutes and my order is still not here!', { mood: 0.8, signals: [['negative_text', -14, 259200, 'wrote angrily: “nobody answers”, “still not here”']] }],
  [4, 'chat', 'chat.customer_message', { queue: 'orders' }, 'Ich warte jetzt zum dritten Mal auf eine Antwort. So geht das nicht.', { mood: 0.7, language: 'de', signals: [['negative_text', -13, 259200, 'wrote angrily: “zum dritten Mal”, “so geht das nicht”']] }],
  [3, 'social', 'social.post', { platform: 'x' }, 'Paid twice, order never arrived, hotline keeps hanging up. Well done @beanworks.', { mood: 0.9, reach: 5400, signals: [['negative_text', -18, 259200, 'posted angrily to 5,400 followers: “never arrived”, “hanging up”']] }],
  [2, 'social', 'social.review', { platform: 'trustpilot' }, 'Een ster is nog te veel. Geld kwijt, niemand helpt.', { mood: 0.85, language: 'nl', rating: ['stars', 1, 1, 5], signals: [['low_rating', -20, 2592000, 'gave 1 of 5 stars']] }],
  [4, 'call', 'call.answered', { queue: 'billing', agent: 'Lea' }, '', { duration: 512000, signals: [['long_wait', -10, 21600, 'waited 8 min 32 s in the queue billing']] }],
  [3, 'call', 'call.transferred', { queue: 'billing' }, '', { signals: [['transfers', -8, 21600, 'was transferred 2 times in one call']] }],
  [3, 'call', 'call.ended', { queue: 'billing' }, '', { duration: 31000, attributes: { reason: 'abandoned_queue' }, signals: [['abandoned_call', -14, 86400, 'hung up after 6 min in the queue billing']] }],
  [2, 'call', 'call.turn', { queue: 'billing' }, 'Это уже третий раз, когда я звоню. Верните мне деньги!', { mood: 0.9, language: 'ru', attributes: { role: 'customer' }, signals: [['repeat_contact', -12, 259200, 'third contact in 72 h, over call and chat']] }],
];

export const pickCalm = (random) => weighted(calm, random);
export const pickTrouble = (random) => weighted(trouble, random);

function weighted(list, random) {
  let left = random() * list.reduce((s, [w]) => s + w, 0);
  return list.find(([w]) => (left -= w) < 0) ?? list[0];
}

/** Trouble on one of the given channels. */
export function pickTroubleOn(channels, random) {
  return weighted(trouble.filter(([, c]) => channels.includes(c)), random);
}
