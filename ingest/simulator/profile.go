package simulator

import "time"

// Profiles returns the CRM's records of all customers, as of the world's start, for the topic customers.profiles.
// They are the same whenever it is called.
func (w *World) Profiles() []Record {
	records := make([]Record, w.options.Customers)
	at := time.UnixMilli(w.start).UTC()
	var b []byte
	for i := range records {
		p := w.people[i]
		b = encodeProfile(b[:0], p, w.tag, w.start)
		records[i] = Record{Topic: TopicProfiles, Key: []byte(p.id), Value: append([]byte(nil), b...), At: at}
	}
	return records
}

func encodeProfile(dst []byte, p *person, tag string, at int64) []byte {
	dst = append(dst, '{')
	dst = str(str(dst, "event_id", tag+"-"+string(p.id)), "id", string(p.id))
	dst = str(dst, "name", p.name)
	dst = append(quote(append(field(dst, "emails"), '['), p.email), ']')
	dst = append(quote(append(field(dst, "phones"), '['), p.phone), ']')
	dst = append(field(dst, "handles"), '[')
	if p.handle != "" {
		dst = quote(dst, "x:"+p.handle)
	}
	if p.account != "" {
		if p.handle != "" {
			dst = append(dst, ',')
		}
		dst = quote(dst, "mastodon:"+p.account)
	}
	dst = append(dst, ']')
	dst = money(str(dst, "segment", p.segment), "yearly_value", p.value)
	dst = str(str(str(dst, "owner", p.owner), "language", languages[p.language]), "relationship", p.relation)
	return append(stamp(str(dst, "consent", "granted"), "updated_at", at), '}')
}
