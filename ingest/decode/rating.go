package decode

import "touchwatch/ingest/touchpoint"

// scales are the usual ends of a metric's answers.
var scales = map[string][2]float64{
	"nps":   {0, 10},
	"csat":  {1, 5},
	"ces":   {1, 7},
	"stars": {1, 5},
}

// rating checks a survey answer. The metric is "stars" on social and must be named elsewhere; min and max are needed
// only where the scale is not the usual one.
func (r *ownRating) rating(channel touchpoint.Channel) (*touchpoint.Rating, error) {
	metric := r.Metric
	if metric == "" && channel == touchpoint.Social {
		metric = "stars"
	}
	scale, known := scales[metric]
	if !known {
		return nil, wrong("rating.metric", "one of nps, csat, ces, stars")
	}
	low, high := scale[0], scale[1]
	if r.Min.is != absent {
		low = r.Min.value
	}
	if r.Max.is != absent {
		high = r.Max.value
	}
	if r.Min.is == unfit || r.Max.is == unfit || low >= high {
		return nil, wrong("rating", "numbers min < max")
	}
	if r.Score.is == absent {
		return nil, missing("rating.score", "a number")
	}
	score, err := r.Score.within(low, high, "rating.score")
	if err != nil {
		return nil, err
	}
	return &touchpoint.Rating{Metric: metric, Score: score, Min: low, Max: high}, nil
}
