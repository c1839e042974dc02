// Package calendar owns business hours: when somebody is there to answer, in a time zone, without holidays. It counts open
// time, so that a message of Saturday night waits from Monday morning on. It knows nothing of queues and targets.
//
// A *Calendar is immutable and safe for concurrent use. A nil one is always open.
package calendar

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // time zones also where the system has none

	"touchwatch/ingest/touchpoint"
)

// horizon is how far ahead an opening is looked for. A calendar that stays closed longer counts as always open, so that no
// customer waits for ever unseen.
const horizon = 60 * 24 * time.Hour

// Calendar says when somebody is there.
type Calendar struct {
	zone     *time.Location
	week     [7][]span // by time.Weekday, sorted, without overlaps
	holidays map[date]bool
}

// span is a part of a day, in minutes after midnight on the clock on the wall: a day with 23 or 25 hours opens and closes
// by the clock as well.
type span struct{ from, to int }

type date struct {
	year  int
	month time.Month
	day   int
}

// New reads a calendar: an IANA time zone such as "Europe/Amsterdam", hours such as "mon-fri 08:00-18:00" (several lines add
// up; "sat 09:00-24:00" is open until midnight), and holidays such as "2026-12-25", on which nobody is there. Without hours
// it returns nil, which is always open, unless there are holidays: then every other day is open all day.
func New(zone string, hours, holidays []string) (*Calendar, error) {
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		return nil, fmt.Errorf("time zone %q: want a name such as Europe/Amsterdam or UTC", zone)
	}
	if len(hours) == 0 && len(holidays) == 0 {
		return nil, nil
	}
	c := &Calendar{zone: location, holidays: map[date]bool{}}
	if len(hours) == 0 {
		hours = []string{"mon-sun 00:00-24:00"}
	}
	for _, line := range hours {
		if err := c.open(line); err != nil {
			return nil, err
		}
	}
	for _, line := range holidays {
		day, err := time.Parse(time.DateOnly, line)
		if err != nil {
			return nil, fmt.Errorf("holiday %q: want a date such as 2026-12-25", line)
		}
		c.holidays[date{day.Year(), day.Month(), day.Day()}] = true
	}
	return c, nil
}

var weekdays = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// open adds a line of hours.
func (c *Calendar) open(line string) error {
	days, clock, ok := strings.Cut(strings.TrimSpace(line), " ")
	from, to, ranged := strings.Cut(days, "-")
	if !ranged {
		to = from
	}
	first, last := weekday(from), weekday(to)
	hours, good := parseSpan(strings.TrimSpace(clock))
	if !ok || first < 0 || last < 0 || !good {
		return fmt.Errorf("hours %q: want days and times such as \"mon-fri 08:00-18:00\" or \"sat 09:00-13:00\"", line)
	}
	for day := first; ; day = (day + 1) % 7 {
		if err := c.add(day, hours, line); err != nil {
			return err
		}
		if day == last {
			return nil
		}
	}
}

// add puts a span into a day, in order.
func (c *Calendar) add(day int, s span, line string) error {
	at := 0
	for _, other := range c.week[day] {
		if s.from < other.to && other.from < s.to {
			return fmt.Errorf("hours %q: %s is open at that time already by another line", line, weekdays[day])
		}
		if other.from < s.from {
			at++
		}
	}
	c.week[day] = append(c.week[day][:at:at], append([]span{s}, c.week[day][at:]...)...)
	return nil
}

func weekday(name string) int {
	for i, w := range weekdays {
		if strings.EqualFold(name, w) {
			return i
		}
	}
	return -1
}

func parseSpan(s string) (span, bool) {
	a, b, ok := strings.Cut(s, "-")
	from, fromOK := parseClock(a)
	to, toOK := parseClock(b)
	return span{from, to}, ok && fromOK && toOK && from < to
}

// parseClock reads "08:30" as minutes after midnight; "24:00" is the end of the day.
func parseClock(s string) (int, bool) {
	if s == "24:00" {
		return 24 * 60, true
	}
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil
}

// After returns the moment at which d of open time has passed since from.
func (c *Calendar) After(from touchpoint.Millis, d time.Duration) touchpoint.Millis {
	if c == nil {
		return from.Add(d)
	}
	end := from
	c.each(from, from.Add(horizon+d), func(start, stop touchpoint.Millis) bool {
		if open := stop.Sub(start); open < d {
			d -= open
			return true
		}
		end = start.Add(d)
		return false
	})
	if end == from && d > 0 {
		return from.Add(d)
	}
	return end
}

// Between returns how much of the time between two moments was open.
func (c *Calendar) Between(from, to touchpoint.Millis) time.Duration {
	if c == nil || to <= from {
		return max(to.Sub(from), 0)
	}
	open := time.Duration(0)
	c.each(from, min(to, from.Add(horizon)), func(start, stop touchpoint.Millis) bool {
		open += stop.Sub(start)
		return true
	})
	return open
}

// each visits the open parts of the time between two moments in order until visit says false.
func (c *Calendar) each(from, to touchpoint.Millis, visit func(start, stop touchpoint.Millis) bool) {
	day := time.UnixMilli(int64(from)).In(c.zone)
	for {
		year, month, number := day.Date()
		if midnight := time.Date(year, month, number, 0, 0, 0, 0, c.zone); touchpoint.MillisOf(midnight) >= to {
			return
		}
		if !c.holidays[date{year, month, number}] {
			for _, s := range c.week[day.Weekday()] {
				start := touchpoint.MillisOf(time.Date(year, month, number, 0, s.from, 0, 0, c.zone))
				stop := touchpoint.MillisOf(time.Date(year, month, number, 0, s.to, 0, 0, c.zone))
				start, stop = max(start, from), min(stop, to)
				if start < stop && !visit(start, stop) {
					return
				}
			}
		}
		day = time.Date(year, month, number+1, 12, 0, 0, 0, c.zone)
	}
}
