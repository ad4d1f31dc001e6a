package api

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority"
)

// An Error is why a question has no answer. A document that a box would refuse has the
// code that the box would give.
type Error struct {
	Code string        `json:"code"`
	VI   string        `json:"vi"`
	EN   string        `json:"en"`
	Wait time.Duration `json:"-"` // until the same may be asked again
}

func (e *Error) Error() string { return e.Code + ": " + e.EN }

// problems are the codes of the API itself.
var problems = map[string]struct {
	status int
	plan.Sentence
}{
	"unauthorized": {http.StatusUnauthorized, plan.Sentence{VI: "Cần chứng thư của một chương trình, hoặc mã truy cập còn hiệu lực.", EN: "A program's certificate is needed, or a token that counts."}},
	"forbidden":    {http.StatusForbidden, plan.Sentence{VI: "Chứng thư này không được hỏi ở đây.", EN: "This certificate may not ask here."}},
	"cross-origin": {http.StatusForbidden, plan.Sentence{VI: "Yêu cầu đến từ một trang web khác.", EN: "The request comes from another web page."}},
	"not-found":    {http.StatusNotFound, plan.Sentence{VI: "Không có mục này.", EN: "There is no such thing."}},
	"method":       {http.StatusMethodNotAllowed, plan.Sentence{VI: "Mục này không nhận cách gọi đó.", EN: "This cannot be asked for in that way."}},
	"parameter":    {http.StatusBadRequest, plan.Sentence{VI: "Tham số sai", EN: "Wrong parameter"}},
	"too-often":    {http.StatusTooManyRequests, plan.Sentence{VI: "Hỏi quá nhiều, hãy chờ.", EN: "Too many requests: wait."}},
	"no-broker":    {http.StatusServiceUnavailable, plan.Sentence{VI: "Không có máy chủ tin nhắn: lệnh chưa được gửi.", EN: "There is no broker: the order has not gone out."}},
	"restored":     {http.StatusServiceUnavailable, plan.Sentence{VI: "Trung tâm vừa phục hồi từ bản sao lưu: hãy chạy loactl send trước.", EN: "The centre comes from a backup: run loactl send first."}},
	"internal":     {http.StatusInternalServerError, plan.Sentence{VI: "Trung tâm gặp lỗi; xem nhật ký của loactl serve.", EN: "Something failed at the centre; see the log of loactl serve."}},
}

// statusOf is how HTTP says a box's code.
func statusOf(c plan.Code) int {
	switch c {
	case plan.Malformed, plan.Unsigned:
		return http.StatusBadRequest
	case plan.Storage:
		return http.StatusInsufficientStorage
	case plan.TooLarge:
		return http.StatusRequestEntityTooLarge
	case plan.Replay, plan.Conflict, plan.Rollback:
		return http.StatusConflict
	case plan.UnknownKey, plan.Signature, plan.Scope, plan.WrongKind, plan.WrongClass, plan.Quorum, plan.Revoked:
		return http.StatusForbidden
	}
	return http.StatusUnprocessableEntity
}

// parameter says which one is wrong, and what to write.
func parameter(name, write string) error {
	s := problems["parameter"]
	return &Error{Code: "parameter", VI: s.VI + ": " + name + ": " + write, EN: s.EN + ": " + name + ": " + write}
}

// fail answers with an error.
func (a *API) fail(w http.ResponseWriter, err error) {
	status, e := a.problem(err)
	if e.Wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.Wait.Seconds()))))
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	write(w, status, e)
}

func (a *API) problem(err error) (int, *Error) {
	var (
		own   *Error
		bad   *plan.Error
		books *authority.Error
		large *http.MaxBytesError
	)
	switch {
	case errors.As(err, &own):
		p := problems[own.Code]
		if own.EN == "" {
			own = &Error{Code: own.Code, VI: p.VI, EN: p.EN, Wait: own.Wait}
		}
		return p.status, own
	case errors.As(err, &books) && books.Code == "no-such-box":
		return statusOf(plan.NotAddressed), &Error{Code: string(plan.NotAddressed), VI: books.VI(), EN: books.Error()}
	case errors.As(err, &large):
		bad = &plan.Error{Code: plan.TooLarge, Msg: "at most " + strconv.FormatInt(large.Limit, 10) + " bytes"}
		fallthrough
	case errors.As(err, &bad):
		return statusOf(bad.Code), &Error{Code: string(bad.Code), VI: authority.Vietnamese(bad), EN: bad.Code.Sentence().EN + " [" + bad.Error() + "]"}
	}
	a.o.Log.Error("api: a question could not be answered", "err", err)
	p := problems["internal"]
	return p.status, &Error{Code: "internal", VI: p.VI, EN: p.EN}
}
