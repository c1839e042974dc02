package simulator

// task is something that will happen at a moment: the next step of a session, or anything else.
type task struct {
	at  int64 // milliseconds since 1970
	seq uint64
	s   *session     // whose next step it is, or nil
	run func(*World) // what happens when s is nil
}

func (a *task) before(b *task) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

// agenda is a binary heap of tasks, earliest first; of two at the same moment the one that was added first.
type agenda struct {
	tasks []task
	seq   uint64
}

func (a *agenda) add(t task) {
	a.seq++
	t.seq = a.seq
	a.tasks = append(a.tasks, t)
	i := len(a.tasks) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !t.before(&a.tasks[parent]) {
			break
		}
		a.tasks[i] = a.tasks[parent]
		i = parent
	}
	a.tasks[i] = t
}

// next removes and returns the earliest task. There must be one.
func (a *agenda) next() task {
	first := a.tasks[0]
	last := len(a.tasks) - 1
	t := a.tasks[last]
	a.tasks[last] = task{}
	a.tasks = a.tasks[:last]
	if last == 0 {
		return first
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && a.tasks[child+1].before(&a.tasks[child]) {
			child++
		}
		if !a.tasks[child].before(&t) {
			break
		}
		a.tasks[i] = a.tasks[child]
		i = child
	}
	a.tasks[i] = t
	return first
}
