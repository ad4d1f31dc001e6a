package authority

import (
	"cmp"
	"errors"
	"fmt"

	"loa/agent/plan"
)

// An Error is something that an authority cannot do, known by a code, so that a
// tool can say it in the language of the person.
type Error struct {
	Code string
	Err  error // what lies below; nil when the code says everything
	args []any
}

func fail(code string, err error, args ...any) error {
	return &Error{Code: code, Err: err, args: args}
}

func (e *Error) Error() string { return e.say(sentences[e.Code].EN, error.Error) }

// VI says it in Vietnamese, as far down as the codes are known.
func (e *Error) VI() string { return e.say(sentences[e.Code].VI, Vietnamese) }

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) say(sentence string, below func(error) string) string {
	s := fmt.Sprintf(sentence, e.args...)
	if e.Err != nil {
		s += ": " + below(e.Err)
	}
	return s
}

// Vietnamese says an error in Vietnamese if it is one of an authority or one of
// a document. Of a document it gives the particulars, which are in English, only
// where they are all that there is to say.
func Vietnamese(err error) string {
	var (
		own *Error
		bad *plan.Error
	)
	switch {
	case errors.As(err, &own):
		return own.VI()
	case errors.As(err, &bad):
		where := string(bad.Code)
		if bad.Field != "" && bad.Field != where {
			where += ", " + bad.Field
		}
		if bad.Code == plan.Malformed {
			where += ": " + cmp.Or(bad.VI, bad.Msg)
		}
		return fmt.Sprintf("%s [%s]", bad.Code.Sentence().VI, where)
	}
	return err.Error()
}

// ErrPassphrase says that a key file was not sealed with this passphrase.
var ErrPassphrase = fail("passphrase", nil)

// sentences has one line for every code.
var sentences = map[string]plan.Sentence{
	"exists":          {VI: "đã có cơ quan trong %s", EN: "there already is an authority in %s"},
	"none":            {VI: "không có cơ quan nào trong %s: cho biết thư mục bằng --authority hoặc LOA_AUTHORITY, hoặc lập mới bằng loactl init", EN: "there is no authority in %s: name its folder with --authority or LOA_AUTHORITY, or make one with loactl init"},
	"damaged":         {VI: "%s bị hỏng", EN: "%s is damaged"},
	"lock":            {VI: "không khóa được %s", EN: "cannot lock %s"},
	"dispatching":     {VI: "một máy điều phối khác của cơ quan này đang chạy (pid %s)", EN: "another dispatcher of this authority is running (pid %s)"},
	"write":           {VI: "không ghi được dữ liệu của cơ quan", EN: "cannot write the authority's state"},
	"threshold":       {VI: "%[2]d người giữ khóa gốc không thể cho %[1]d chữ ký", EN: "%d of %d holders cannot sign for the root"},
	"bad-name":        {VI: "%q không dùng làm tên hoặc mã được: chỉ dùng a đến z, 0 đến 9 và dấu -, tối đa 64 ký tự", EN: "%q cannot be a name or a code: use a to z, 0 to 9 and -, at most 64"},
	"person-exists":   {VI: "đã có người tên %s", EN: "there already is a person %s"},
	"no-person":       {VI: "không có người nào tên %s: xem loactl person list", EN: "there is no person %s: see loactl person list"},
	"no-place":        {VI: "không có địa bàn %s: xem loactl place list", EN: "there is no place %s: see loactl place list"},
	"no-parent":       {VI: "địa bàn %s không thể thuộc %s: không có địa bàn đó", EN: "place %s cannot belong to %s: there is no such place"},
	"box-exists":      {VI: "đã có thiết bị %s; tên không dùng lại bao giờ", EN: "there already is a box %s; names are never used twice"},
	"no-box":          {VI: "không có thiết bị %s: xem loactl box list", EN: "there is no box %s: see loactl box list"},
	"program-name":    {VI: "%s là tên dành cho chương trình, không đặt cho thiết bị được", EN: "%s is a name for programs, and cannot be a box's"},
	"no-serial":       {VI: "không biết số chứng thư của thiết bị %s, nên không thu hồi được", EN: "the number of box %s's certificate is not known, so it cannot be revoked"},
	"box-files":       {VI: "không ghi được các tệp của thiết bị %s", EN: "cannot write what box %s carries"},
	"online":          {VI: "không giao %[2]s cho %[1]s được: khóa trực tuyến chỉ để báo giờ, và chỉ khóa trực tuyến mới báo giờ", EN: "%s may not be granted %s: an online key says the time and nothing else, and only an online key does"},
	"keep-key":        {VI: "không lưu được khóa của %s", EN: "cannot keep the key of %s"},
	"make-key":        {VI: "không tạo được khóa", EN: "cannot make a key"},
	"key":             {VI: "khóa của %s", EN: "the key of %s"},
	"key-elsewhere":   {VI: "khóa của %s không ở máy này: thiếu %s", EN: "the key of %s is not on this machine: %s is missing"},
	"key-damaged":     {VI: "tệp khóa của %s bị hỏng", EN: "the key file of %s is damaged"},
	"key-of-other":    {VI: "tệp khóa của %s lại là của %s", EN: "the key file of %s belongs to %s"},
	"key-unknown":     {VI: "tệp khóa của %s chứa khóa khác với khóa đã ghi nhận", EN: "the key file of %s holds another key than the authority knows"},
	"key-sealed":      {VI: "tệp khóa của %s được niêm phong theo cách lạ", EN: "the key file of %s is sealed in an unknown way"},
	"passphrase":      {VI: "sai mật khẩu", EN: "wrong passphrase"},
	"no-passphrase":   {VI: "không có mật khẩu của %s", EN: "no passphrase for %s"},
	"no-phrase-typed": {VI: "mật khẩu của %s để trống", EN: "the passphrase of %s is empty"},
	"approved":        {VI: "%s đã ký %s rồi; cần chữ ký của người khác", EN: "%s has signed %s already; somebody else has to"},
	"approve":         {VI: "%s không duyệt được %s", EN: "%s cannot approve %s"},
	"keep":            {VI: "không lưu được %s", EN: "cannot keep %s"},
	"clock":           {VI: "đồng hồ máy này chậm %v so với bản mới nhất của %s: hãy chỉnh giờ trước", EN: "this machine's clock is %v behind the last version of %s: set it first"},
	"no-such-box":     {VI: "không thiết bị nào đặt được ở %s", EN: "no box could stand at %s"},
	"sign-root":       {VI: "không ký được khóa gốc", EN: "cannot sign the root"},
	"sign-list":       {VI: "không ký được danh sách của %s", EN: "cannot sign the list of %s"},
	"no-root":         {VI: "thiếu văn bản gốc số %d trong %s", EN: "root document %d is missing in %s"},
	"certificate":     {VI: "chứng thư của %s", EN: "the certificate of %s"},
}
