package lunar

import (
	"math"
	"time"
)

// The sky is computed after Jean Meeus, Astronomical Algorithms, second edition: new
// moons by chapter 49, the sun's apparent longitude by chapter 25, made better by the
// periodic terms that chapter 27 gives for equinoxes and solstices. Both are right to
// well under two minutes in these centuries, in dynamical time; see deltaT.

const zone = 7 * time.Hour // UTC+7, of the calendar since 1968

const synodic = 29.530588861 // mean length of a month in days

// dayNumber is the Julian day number of a date: the one whose noon, UTC, is that many
// days from noon of 1 January 4713 BC.
func dayNumber(y int, m time.Month, d int) int {
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()/86400) + 2440588
}

// localDay is the day number in Vietnam at jde, a Julian ephemeris day.
func localDay(jde float64) int {
	return int(math.Floor(jde - deltaT(jde) + 0.5 + zone.Hours()/24))
}

// deltaT is how far dynamical time is ahead of universal time, in days. The polynomials
// are those of Espenak and Meeus; a minute more or less would move no month in a century
// or two.
func deltaT(jde float64) float64 {
	y := 2000 + (jde-2451545)/365.25
	var s float64
	switch t := y - 2000; {
	case y < 1920:
		t = y - 1900
		s = -2.79 + t*(1.494119+t*(-0.0598939+t*(0.0061966-t*0.000197)))
	case y < 1941:
		t = y - 1920
		s = 21.20 + t*(0.84493+t*(-0.076100+t*0.0020936))
	case y < 1961:
		t = y - 1950
		s = 29.07 + t*(0.407+t*(-1.0/233+t/2547))
	case y < 1986:
		t = y - 1975
		s = 45.45 + t*(1.067+t*(-1.0/260-t/718))
	case y < 2005:
		s = 63.86 + t*(0.3345+t*(-0.060374+t*(0.0017275+t*(0.000651814+t*0.00002373599))))
	case y < 2050:
		s = 62.92 + t*(0.32217+t*0.005589)
	case y < 2150:
		u := (y - 1820) / 100
		s = -20 + 32*u*u - 0.5628*(2150-y)
	default:
		u := (y - 1820) / 100
		s = -20 + 32*u*u
	}
	return s / 86400
}

// newMoon is the moment of new moon k, counted from the first of the year 2000, as a
// Julian ephemeris day.
func newMoon(k int) float64 {
	n := float64(k)
	t := n / 1236.85
	t2, t3, t4 := t*t, t*t*t, t*t*t*t
	jde := 2451550.09766 + synodic*n + 0.00015437*t2 - 0.000000150*t3 + 0.00000000073*t4
	e := 1 - 0.002516*t - 0.0000074*t2
	sun := 2.5534 + 29.10535670*n - 0.0000014*t2 - 0.00000011*t3                      // the sun's anomaly
	moon := 201.5643 + 385.81693528*n + 0.0107582*t2 + 0.00001238*t3 - 0.000000058*t4 // the moon's
	arg := 160.7108 + 390.67050284*n - 0.0016118*t2 - 0.00000227*t3 + 0.000000011*t4  // of latitude
	node := 124.7746 - 1.56375588*n + 0.0020672*t2 + 0.00000215*t3                    // the ascending node
	for _, p := range [...]struct {
		size, sun, moon, arg, node float64
		e                          int // the power of e
	}{
		{-0.40720, 0, 1, 0, 0, 0}, {0.17241, 1, 0, 0, 0, 1}, {0.01608, 0, 2, 0, 0, 0},
		{0.01039, 0, 0, 2, 0, 0}, {0.00739, -1, 1, 0, 0, 1}, {-0.00514, 1, 1, 0, 0, 1},
		{0.00208, 2, 0, 0, 0, 2}, {-0.00111, 0, 1, -2, 0, 0}, {-0.00057, 0, 1, 2, 0, 0},
		{0.00056, 1, 2, 0, 0, 1}, {-0.00042, 0, 3, 0, 0, 0}, {0.00042, 1, 0, 2, 0, 1},
		{0.00038, 1, 0, -2, 0, 1}, {-0.00024, -1, 2, 0, 0, 1}, {-0.00017, 0, 0, 0, 1, 0},
		{-0.00007, 2, 1, 0, 0, 0}, {0.00004, 0, 2, -2, 0, 0}, {0.00004, 3, 0, 0, 0, 0},
		{0.00003, 1, 1, -2, 0, 0}, {0.00003, 0, 2, 2, 0, 0}, {-0.00003, 1, 1, 2, 0, 0},
		{0.00003, -1, 1, 2, 0, 0}, {-0.00002, -1, 1, -2, 0, 0}, {-0.00002, 1, 3, 0, 0, 0},
		{0.00002, 0, 4, 0, 0, 0},
	} {
		size := p.size
		for range p.e {
			size *= e
		}
		jde += size * sin(p.sun*sun+p.moon*moon+p.arg*arg+p.node*node)
	}
	for _, p := range [...]struct{ size, at, rate float64 }{ // the planets
		{0.000325, 299.77, 0.107408}, {0.000165, 251.88, 0.016321}, {0.000164, 251.83, 26.651886},
		{0.000126, 349.42, 36.412478}, {0.000110, 84.66, 18.206239}, {0.000062, 141.74, 53.303771},
		{0.000060, 207.14, 2.453732}, {0.000056, 154.84, 7.306860}, {0.000047, 34.52, 27.261239},
		{0.000042, 207.19, 0.121824}, {0.000040, 291.34, 1.844379}, {0.000037, 161.72, 24.198154},
		{0.000035, 239.56, 25.513099}, {0.000023, 331.55, 3.592518},
	} {
		jde += p.size * sin(p.at+p.rate*n)
	}
	return jde
}

// longitude is where the sun seems to stand at jde, in degrees from 0 to 360.
func longitude(jde float64) float64 {
	t := (jde - 2451545) / 36525
	mean := 280.46646 + t*(36000.76983+t*0.0003032)
	anomaly := 357.52911 + t*(35999.05029-t*0.0001537)
	centre := (1.914602-t*(0.004817+t*0.000014))*sin(anomaly) +
		(0.019993-t*0.000101)*sin(2*anomaly) + 0.000289*sin(3*anomaly)
	apparent := mean + centre - 0.00569
	for _, p := range [...]struct{ size, at, rate float64 }{ // nutation first, then the planets and the moon
		{485, 324.96, 1934.136}, {203, 337.23, 32964.467}, {199, 342.08, 20.186}, {182, 27.85, 445267.112},
		{156, 73.14, 45036.886}, {136, 171.52, 22518.443}, {77, 222.54, 65928.934}, {74, 296.72, 3034.906},
		{70, 243.58, 9037.513}, {58, 119.81, 33718.147}, {52, 297.17, 150.678}, {50, 21.02, 2281.226},
		{45, 247.54, 29929.562}, {44, 325.15, 31555.956}, {29, 60.93, 4443.417}, {18, 155.12, 67555.328},
		{17, 288.79, 4562.452}, {16, 198.04, 62894.029}, {14, 199.76, 31436.921}, {12, 95.39, 14577.848},
		{12, 287.11, 31931.756}, {12, 320.81, 34777.259}, {9, 227.73, 1222.114}, {8, 15.45, 16859.074},
	} {
		// The book gives 0.00001 day; the sun goes 0.98565° in one.
		apparent -= 0.0000098565 * p.size * sin(p.at+p.rate*t+90)
	}
	return math.Mod(math.Mod(apparent, 360)+360, 360)
}

func sin(degrees float64) float64 { return math.Sin(degrees * math.Pi / 180) }

// sign is in which twelfth of its way, 0 to 11, the sun stands when day begins in
// Vietnam.
func sign(day int) int {
	jde := float64(day) - 0.5 - zone.Hours()/24
	return int(longitude(jde+deltaT(jde)) / 30)
}

// moonOf is the number of the new moon nearest to day.
func moonOf(day int) int { return int(math.Round((float64(day) - 2451550.1) / synodic)) }

// eleventh is the first day of month 11 of year, in which the winter solstice lies: the
// last month of the year at whose beginning the sun has not yet come to 270°.
func eleventh(year int) int {
	last := dayNumber(year, time.December, 31)
	for k := moonOf(last) + 1; ; k-- {
		if d := localDay(newMoon(k)); d <= last && sign(d) < 9 {
			return d
		}
	}
}
