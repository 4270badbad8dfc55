#include "core/csv/dialect.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace firetower::csv {
namespace {

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

const std::vector<std::string> kExpected = {"Time", "V1", "Amount", "Class", "Weight"};

FileLayout Sniff(std::string_view text, SniffOptions options = {.expected_columns = kExpected}) {
  options.complete = true;
  Result<FileLayout> layout = SniffLayout(Bytes(text), options);
  EXPECT_TRUE(layout.ok()) << text << (layout.ok() ? "" : layout.error().message);
  return layout.ok() ? *layout : FileLayout{};
}

std::string SniffError(std::string_view text,
                       SniffOptions options = {.expected_columns = kExpected}) {
  Result<FileLayout> layout = SniffLayout(Bytes(text), options);
  if (layout.ok()) return "no error";
  EXPECT_EQ(layout.error().code, ErrorCode::kNotCsv);
  return layout.error().message;
}

TEST(SniffLayout, PlainFile) {
  const FileLayout layout = Sniff("Time,V1,Amount\n0,1.5,2\n");
  EXPECT_EQ(layout.dialect.delimiter, ',');
  EXPECT_EQ(layout.dialect.decimal, '.');
  EXPECT_TRUE(layout.has_header);
  EXPECT_FALSE(layout.has_bom);
  EXPECT_EQ(layout.column_names, (std::vector<std::string>{"Time", "V1", "Amount"}));
  EXPECT_EQ(layout.data_offset, 15u);
  EXPECT_EQ(layout.data_line, 2u);
  EXPECT_EQ(layout.line_ending, "\n");
}

TEST(SniffLayout, DelimiterAndDecimal) {
  const struct {
    std::string_view text;
    char delimiter;
    char decimal;
  } cases[] = {
      {"Time;V1;Amount\n0;1,5;2,25\n", ';', ','},
      {"Time\tV1\tAmount\n0\t1,5\t2,25\n", '\t', ','},
      {"Time|V1|Amount\n0|1.5|2.25\n", '|', '.'},
      {"Time;V1;Amount\n0;1.5;2.25\n", ';', '.'},
      {"Time,V1,Amount\n0,\"1,5\",\"2,25\"\n", ',', ','},
      {"a;b\n1,5;x\n2,5;y\n", ';', ','},
      {"1,5;2,5;3,5\n4,5;5,5;6,5\n", ';', ','},   // No header: comma splits alike too.
      {"Sum, EUR;Hour, s\n1,5;2,0\n", ';', ','},  // So it does here.
      {"x,y\n\"1;2;3\",\"a|b\"\n", ',', '.'},
      {"Time;V1;Amount\n", ';', '.'},
      {"Time;V1;Amount\n1;2;3\n", ';', '.'},  // Whole numbers say nothing of the decimal sign.
      {"name|a,b,c\nx|1,2,3\n", ',', '.'},
      {"Time,V1,Amount,note\n0,1.5,2,\"1,5\"\n", ',', '.'},
      {"Time,V1,Amount\n0,1.5,2\nshort\n0,1.5\n0,2.5,1\n", ',', '.'},
  };
  for (const auto& [text, delimiter, decimal] : cases) {
    const FileLayout layout = Sniff(text);
    EXPECT_EQ(layout.dialect.delimiter, delimiter) << text;
    EXPECT_EQ(layout.dialect.decimal, decimal) << text;
  }
}

TEST(SniffLayout, OverridesWin) {
  SniffOptions options{.expected_columns = kExpected, .delimiter = ',', .decimal = ','};
  const FileLayout layout = Sniff("Time;V1,Amount\n1.5;2.5,3.5\n", options);
  EXPECT_EQ(layout.dialect.delimiter, ',');
  EXPECT_EQ(layout.dialect.decimal, ',');
  EXPECT_EQ(layout.column_names, (std::vector<std::string>{"Time;V1", "Amount"}));

  EXPECT_TRUE(Sniff("1,2\n3,4\n", {.header = HeaderMode::kPresent}).has_header);
  EXPECT_FALSE(Sniff("Time,V1\n3,4\n", {.header = HeaderMode::kAbsent}).has_header);
}

TEST(SniffLayout, HeaderOrData) {
  EXPECT_TRUE(Sniff("id,name\n1,x\n").has_header);
  EXPECT_TRUE(Sniff("TIME,2\n1,2\n").has_header);  // A column of the model's.
  EXPECT_FALSE(Sniff("1.5,word,2\n1,x,3\n").has_header);
  EXPECT_FALSE(Sniff("NA,?\n1,2\n").has_header);
  EXPECT_TRUE(Sniff("name,\nx,1\n").has_header);
}

TEST(SniffLayout, NamesByPositionWithoutAHeader) {
  const auto names = [](std::string_view text) { return Sniff(text).column_names; };
  EXPECT_EQ(names("0,1,2\n"), (std::vector<std::string>{"Time", "V1", "Amount"}));
  EXPECT_EQ(names("0,1,2,\"0\"\n"), (std::vector<std::string>{"Time", "V1", "Amount", "Class"}));
  EXPECT_EQ(names("0,1,2,0,3\n"), kExpected);
  EXPECT_EQ(names("0,1\n"), (std::vector<std::string>{"column 1", "column 2"}));
  EXPECT_EQ(Sniff("\xEF\xBB\xBF"
                  "0,1,2\n")
                .data_offset,
            3u);
  EXPECT_EQ(Sniff("\n0,1,2\n").data_offset, 1u);
  EXPECT_EQ(Sniff("\n0,1,2\n").data_line, 2u);
}

TEST(SniffLayout, BomLineEndsAndEmptyLines) {
  const FileLayout crlf = Sniff("\xEF\xBB\xBFTime,V1\r\n1,2\r\n");
  EXPECT_TRUE(crlf.has_bom);
  EXPECT_EQ(crlf.column_names[0], "Time");
  EXPECT_EQ(crlf.data_offset, 12u);
  EXPECT_EQ(crlf.line_ending, "\r\n");
  const FileLayout cr = Sniff("Time,V1\r1,2\r");
  EXPECT_EQ(cr.line_ending, "\r");
  EXPECT_EQ(cr.data_offset, 8u);
  const FileLayout empty_lines = Sniff("\n\nTime,\"V\n1\"\n\n1,2\n");
  EXPECT_EQ(empty_lines.column_names[1], "V\n1");
  EXPECT_EQ(empty_lines.data_line, 5u);
  EXPECT_EQ(Sniff("Time,V1,V2").data_line, 2u);  // Where data would be.
  EXPECT_EQ(Sniff("Time,V1").data_offset, 7u);
}

TEST(SniffLayout, NamesAreUtf8) {
  EXPECT_EQ(Sniff("Time,Gr\xC3\xB6\xC3\x9F"
                  "e\n1,2\n")
                .column_names[1],
            "Gr\xC3\xB6\xC3\x9F"
            "e");
  EXPECT_EQ(Sniff("Time,Gr\xF6\xDF"
                  "e\n1,2\n")
                .column_names[1],
            "Gr\xEF\xBF\xBD\xEF\xBF\xBD"
            "e");
  EXPECT_EQ(Sniff("Time,\xED\xA0\x80\n1,2\n").column_names[1],
            "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(SniffLayout, RefusesWhatIsNoTable) {
  using namespace std::string_view_literals;
  EXPECT_EQ(SniffError(""), "The file is empty.");
  EXPECT_EQ(SniffError("\xEF\xBB\xBF"), "The file is empty.");
  EXPECT_EQ(SniffError("\n\r\n\r"), "The file holds blank lines only.");
  EXPECT_EQ(SniffError("\xFF\xFE"sv), "The file is UTF-16 text; save it as UTF-8.");
  EXPECT_EQ(SniffError("T\0,\0V\0\n\0"sv), "The file is UTF-16 text; save it as UTF-8.");
  EXPECT_EQ(SniffError("\0T\0,\0V\0\n"sv), "The file is UTF-16 text; save it as UTF-8.");
  EXPECT_EQ(SniffError("\x1F\x8B\x08\0"sv), "The file is compressed (gzip); unpack it first.");
  EXPECT_EQ(SniffError("PK\x03\x04rest"sv),
            "The file is a ZIP archive or an Excel workbook; unpack it, or save the sheet as CSV.");
  EXPECT_EQ(SniffError("\x7F"
                       "ELF\x02\x01\x01\0\0\0\0,\0\0\x01\0\0\n"sv),
            "The file is not text: it holds binary data.");
  EXPECT_EQ(SniffError("Time,V\0one,Amount,and more\n1,2,3,4\n"sv, {.complete = true}),
            "The file is not text: its first line holds a NUL byte.");
  EXPECT_EQ(SniffError("one column\n1\n2\n"),
            "The first line has one column only: none of , ; tab | divides it.");
  EXPECT_EQ(SniffError("a,b\n1,2\n", {.delimiter = ';', .complete = true}),
            "The first line has one column only: no ; divides it.");
  EXPECT_EQ(SniffError("a,b\n1,2\n", {.delimiter = '\t', .complete = true}),
            "The first line has one column only: no tab divides it.");
  EXPECT_EQ(SniffError("Time,V1,Amount and so on"), "The first line does not end within 24 bytes.");
  EXPECT_EQ(SniffError("\nTime,\"V1,Amount\n1,2,3\n", {.complete = true}),
            "A quote in line 2 never closes.");
  EXPECT_EQ(SniffError(std::string(20000, ',') + "\n"),
            "The first line has 20001 columns; the limit is 16384.");
}

TEST(MatchColumns, AnyOrderCaseAndBlanks) {
  const FileLayout layout{.column_names = {"note", " amount ", "V1", "TIME", "time", "CLASS"}};
  const std::vector<std::string> required = {"Time", "V1", "Amount"};
  const std::vector<std::string> optional = {"Class", "Weight"};
  const ColumnMatch match = MatchColumns(layout, required, optional);
  EXPECT_EQ(match.required, (std::vector<int32_t>{3, 2, 1}));
  EXPECT_EQ(match.optional, (std::vector<int32_t>{5, -1}));
  EXPECT_TRUE(match.missing.empty());
  EXPECT_EQ(match.extra, (std::vector<std::string>{"note", "time"}));
}

TEST(MatchColumns, AnExactNameGoesFirst) {
  const FileLayout layout{.column_names = {"time", "Time", "Time"}};
  const std::vector<std::string> required = {"Time"};
  const ColumnMatch match = MatchColumns(layout, required, {});
  EXPECT_EQ(match.required, (std::vector<int32_t>{1}));
  EXPECT_EQ(match.extra, (std::vector<std::string>{"time", "Time"}));
}

TEST(MissingColumnsError, NamesWhatIsMissingAndWhatIsThere) {
  const std::vector<std::string> required = {"Time", "V1", "Amount"};
  FileLayout layout{.column_names = {"Time", "Sum"}};
  Error error = MissingColumnsError(layout, MatchColumns(layout, required, {}));
  EXPECT_EQ(error.code, ErrorCode::kSchemaMismatch);
  EXPECT_EQ(error.message, "Columns missing: V1, Amount. Columns in the file: Time, Sum.");

  layout.column_names = {"Time", "Amount"};
  EXPECT_EQ(MissingColumnsError(layout, MatchColumns(layout, required, {})).message,
            "Column missing: V1. Columns in the file: Time, Amount.");

  layout = Sniff("1,2\n");
  EXPECT_EQ(MissingColumnsError(layout, MatchColumns(layout, required, {})).message,
            "The first line holds data, not column names, and 2 columns do not fit the model's 3. "
            "Columns missing: Time, V1, Amount. Columns in the file: column 1, column 2.");
}

TEST(MissingColumnsError, CutsLongNamesAndLists) {
  FileLayout layout{.column_names = std::vector<std::string>(100, "x")};
  layout.column_names[0] = std::string(63, 'n') +
                           "\xC3\xB6"
                           "rest";
  const std::vector<std::string> required = {"Time"};
  const std::string message =
      MissingColumnsError(layout, MatchColumns(layout, required, {})).message;
  EXPECT_NE(message.find(std::string(63, 'n') + "..., x"), std::string::npos);
  EXPECT_NE(message.find("x and 36 more."), std::string::npos);
}

}  // namespace
}  // namespace firetower::csv
