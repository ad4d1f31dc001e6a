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
	"bad-key":         {VI: "khóa công khai của %s không dùng được", EN: "the public key of %s cannot be used"},
	"key-taken":       {VI: "khóa này đã là của %s: hai người không dùng chung một khóa", EN: "this key is %s's already: two people cannot share one"},
	"no-person":       {VI: "không có người nào tên %s: xem loactl key list", EN: "there is no person %s: see loactl key list"},
	"no-place":        {VI: "không có địa bàn %s: xem loactl place list", EN: "there is no place %s: see loactl place list"},
	"list-size":       {VI: "danh sách của %s quá lớn (%d địa bàn, %d quyền): thiết bị chỉ nhận 64 KiB. Hãy nhập các địa bàn cấp trên trước, cho hai người ở mỗi nơi tự lập danh sách (loactl key grant NGƯỜI MÃ --role registrar), rồi nhập phần còn lại", EN: "the list of %s is too large (%d places, %d grants): a box takes 64 KiB. Import the upper places first, let two people of each keep a list of its own (loactl key grant NAME CODE --role registrar), then import the rest"},
	"place-ended":     {VI: "địa bàn %s đã kết thúc và nay thuộc %s", EN: "place %s has ended and is now a part of %s"},
	"place-ends":      {VI: "địa bàn %s sẽ kết thúc ngày %s và nhập vào %s", EN: "place %s will end on %s and be a part of %s"},
	"place-later":     {VI: "đến %[2]s mới có địa bàn %[1]s", EN: "there is no place %s before %s"},
	"place-order":     {VI: "địa bàn %s đã có thay đổi từ %s: chọn ngày sau đó, hoặc bỏ thay đổi chưa đến hạn bằng loactl place cancel", EN: "place %s has a change of %s already: choose a later date, or take back one that is not due with loactl place cancel"},
	"place-circle":    {VI: "địa bàn %s sẽ thuộc chính nó, qua %s", EN: "place %s would be above itself, by way of %s"},
	"place-deep":      {VI: "phía trên địa bàn %s sẽ có quá %d cấp", EN: "place %s would have more than %d places above it"},
	"place-same":      {VI: "với địa bàn %s không có gì thay đổi", EN: "nothing would change about place %s"},
	"nothing-ahead":   {VI: "địa bàn %s không có thay đổi nào chưa đến hạn", EN: "place %s has no change that is still to come"},
	"box-order":       {VI: "thiết bị %s đã có chỗ từ %s: chọn ngày sau đó", EN: "box %s has its place from %s on already: choose a later date"},
	"box-out":         {VI: "thiết bị %s đã bị thu hồi", EN: "box %s was revoked"},
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
	"root-pending":    {VI: "khóa gốc số %d đang chờ chữ ký: ký tiếp bằng loactl key approve, hoặc bỏ bằng loactl key rotate-root --drop", EN: "root %d waits for signatures: go on with loactl key approve, or forget it with loactl key rotate-root --drop"},
	"no-rotation":     {VI: "không có gì của khóa gốc đang chờ chữ ký", EN: "nothing of the root waits for signatures"},
	"no-holder":       {VI: "%q không giữ khóa gốc", EN: "%q holds no share of the root"},
	"holder-twice":    {VI: "%s đã giữ một phần khóa gốc: mỗi phần phải là một khóa riêng", EN: "%s holds a share of the root already: each share needs a key of its own"},
	"root-step":       {VI: "bước này cần hơn %d chữ ký, thiết bị không đọc nổi: hãy thay ít người hơn mỗi lần", EN: "this step takes more than the %d signatures that a box reads: replace fewer holders at a time"},
	"root-refused":    {VI: "thiết bị sẽ từ chối khóa gốc này", EN: "boxes would refuse this root"},
	"rehearse-copy":   {VI: "không chép được cơ quan để diễn tập", EN: "cannot copy the authority for a rehearsal"},
	"rehearse-box":    {VI: "thiết bị không theo được tới khóa gốc số %d: dừng ở số %d", EN: "a box does not follow to root %d: it stays at %d"},
	"rehearse-list":   {VI: "thiết bị không nhận danh sách quyền sau khi thay khóa gốc", EN: "a box does not take the list after the rotation"},
	"backup":          {VI: "không sao lưu được", EN: "cannot make a backup"},
	"no-backup":       {VI: "tệp này không phải bản sao lưu của loactl", EN: "this file is no backup of loactl"},
	"backup-format":   {VI: "bản sao lưu do phiên bản khác làm ra", EN: "the backup was made by another version"},
	"backup-key":      {VI: "không mở được bản sao lưu, hoặc phần đầu của nó bị hỏng", EN: "the backup cannot be opened, or its beginning is damaged"},
	"backup-cut":      {VI: "bản sao lưu bị cắt ngang, hoặc phần cuối của nó bị hỏng: chép lại tệp cho đủ; chưa khôi phục gì", EN: "the backup is cut short, or its end is damaged: copy the whole file again; nothing was restored"},
	"backup-key-cut":  {VI: "không mở được bản sao lưu: tệp bị cắt ngang hoặc bị hỏng, nếu không thì", EN: "the backup cannot be opened: the file is cut short or damaged, or else"},
	"backup-damaged":  {VI: "bản sao lưu bị hỏng hoặc bị cắt ngang; chưa khôi phục gì", EN: "the backup is damaged or cut off; nothing was restored"},
	"restore-over":    {VI: "%s không trống: hãy khôi phục vào thư mục mới", EN: "%s is not empty: restore into a new folder"},
	"no-handout":      {VI: "tệp này không phải do loactl key approve --to ghi ra", EN: "this file was not written by loactl key approve --to"},
	"handout-old":     {VI: "%s trong tệp không còn chờ chữ ký, hoặc đã được thay bằng bản khác", EN: "%s in this file waits no more, or another version does"},
	"handout-forged":  {VI: "chữ ký trong tệp không khớp với %s", EN: "a signature in this file does not fit %s"},
	"uncompared":      {VI: "cơ quan này vừa khôi phục từ bản sao lưu: trước hết hãy chạy loactl send để đối chiếu với máy chủ và thiết bị", EN: "this authority comes from a backup: first run loactl send, which compares it with the broker and the boxes"},
	"no-key-file":     {VI: "đây không phải tệp khóa", EN: "this is no key file"},
	"key-online":      {VI: "khóa của %s là khóa trực tuyến: không có mật khẩu, không mang đi đâu", EN: "the key of %s is an online key: it has no passphrase and goes nowhere"},
	"file-exists":     {VI: "%s đã có: hãy chọn tên khác", EN: "%s exists: choose another name"},
	"paper-wrong":     {VI: "dòng %d có chỗ gõ sai: so lại từng chữ với tờ giấy", EN: "there is a mistake in line %d: compare it with the paper, sign by sign"},
	"paper-length":    {VI: "dòng %d thiếu hoặc thừa chữ: sau số dòng phải có 7 nhóm, mỗi nhóm 4 chữ", EN: "line %d is too short or too long: after its number there are 7 groups of 4 signs"},
	"paper-sign":      {VI: "dòng %d có chữ không bao giờ dùng (như U, Đ)", EN: "line %d has a sign that is never used (such as U)"},
	"paper-number":    {VI: "dòng thứ %d không bắt đầu bằng số dòng: gõ cả hai chữ số đầu dòng", EN: "the line that is number %d from the top does not begin with its number: type the two digits, too"},
	"paper-twice":     {VI: "dòng %d được gõ hai lần, mỗi lần một khác", EN: "line %d was typed twice, and differs"},
	"paper-missing":   {VI: "thiếu dòng %d", EN: "line %d is missing"},
	"paper-whole":     {VI: "từng dòng đều đúng nhưng không cùng một tờ: có lẽ lẫn hai tờ giấy", EN: "each line is right, and together they are not of one paper: two papers may have been mixed"},
	"paper-format":    {VI: "tờ giấy này không chứa khóa, hoặc do phiên bản mới hơn in ra", EN: "this paper holds no key, or was printed by a newer version"},
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
	"ca-flat":         {VI: "CA này lập từ trước khi có bên cấp chứng thư trực tuyến, nên không lập được: hãy lập cơ quan mới", EN: "this CA is from before there were issuers and can have none: make a new authority"},
	"rollover-off":    {VI: "CA không đang được thay", EN: "the CA is not rolling over"},
	"rollover-left":   {VI: "%d thiết bị chưa có chứng thư của CA mới, ví dụ %s: kết thúc bây giờ thì chúng không kết nối được nữa", EN: "%d boxes have no certificate of the new CA yet, such as %s: to finish now would lock them out"},
	"no-issuer":       {VI: "chưa có bên cấp chứng thư trực tuyến: loactl enrol issuer", EN: "there is no issuer: loactl enrol issuer"},
	"issuer-ends":     {VI: "bên cấp chứng thư sắp hết hạn, chứng thư mới không dài hơn chứng thư cũ: loactl enrol issuer", EN: "the issuer ends soon, and a new certificate would end no later than the old one: loactl enrol issuer"},
	"claim-exists":    {VI: "đã có lô %s; tên lô không dùng lại", EN: "there already is a batch %s; their names are never used twice"},
	"claim-files":     {VI: "không ghi được các tệp của lô %s", EN: "cannot write what batch %s carries"},
	"no-claim":        {VI: "không có lô %q: xem loactl enrol list", EN: "there is no batch %q: see loactl enrol list"},
	"claim-unsigned":  {VI: "yêu cầu tự nhận là của lô %s nhưng không có chữ ký của lô", EN: "a request says that it is of batch %s, whose claim has not signed it"},
	"claim-closed":    {VI: "lô %s đã đóng, không nhận thiết bị mới", EN: "batch %s is closed and takes in no new box"},
	"enrol-name":      {VI: "yêu cầu gửi dưới tên %s bằng khóa của thiết bị khác", EN: "a request under the name %s is made with another's key"},
	"enrol-revoked":   {VI: "thiết bị %s đã bị thu hồi chứng thư", EN: "the certificate of box %s is revoked"},
	"code-bad":        {VI: "%q không phải mã ghi danh: mã có tám chữ, như K7QX-3MPA", EN: "%q is no code of a box: it has eight letters, as in K7QX-3MPA"},
	"code-unknown":    {VI: "không có thiết bị nào đang chờ với mã %s: xem loactl enrol list", EN: "no box that waits shows %s: see loactl enrol list"},
	"code-two":        {VI: "hai thiết bị đang chờ cùng hiện mã %s, một trong hai là giả: đóng lô bằng loactl enrol close, rồi tạo khóa mới trên thiết bị", EN: "two boxes that wait show %s, and one of them is forged: loactl enrol close the batch, and let the box make a new key"},
	"code-known":      {VI: "thiết bị có mã %s đã được nhận, tên là %s", EN: "the box that shows %s has been taken in as %s"},
	"code-batch":      {VI: "thiết bị có mã %s thuộc lô %s", EN: "the box that shows %s is of batch %s"},
	"replaced":        {VI: "thiết bị %s đã được thay bằng %s", EN: "box %s has been replaced by %s"},
	"certificate":     {VI: "chứng thư của %s", EN: "the certificate of %s"},
}
