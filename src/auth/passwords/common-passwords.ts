/**
 * What is tried first of all passwords that are long enough, in lower case: keyboard walks, counting,
 * and the words of every leaked list with something appended.
 */
export const commonPasswords: ReadonlySet<string> = new Set(
  `
  0123456789 01234567890 0987654321 1020304050 1111122222 1112223334 1122334455 11223344556
  1212121212 1231231230 1231231231 1234512345 123454321a 1234554321 12345678900 1234567890
  12345678901 123456789012 1234567890123 12345678910 1234567891 1234567890a 1234567890q 123456789a
  123456789abc 123456789q 123456789z 123456abcd 123456qwerty 1234qwerasdf 1234qwerty 123123123a
  123321123321 123qweasdzxc 147258369a 159357258456 1a2b3c4d5e 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc
  1qaz2wsx3e 1qazxsw23edc 2wsx3edc4rfv 3141592653 3141592654 741852963a 7894561230 789456123a
  9876543210 987654321a a123456789 a1b2c3d4e5 a1b2c3d4e5f6 aa12345678 aa123456789 abc1234567
  abc123abc123 abcd123456 abcd1234567 abcde12345 abcdefg123 abcdefg1234 abcdefghij abcdefghijk
  abcdefghijkl adgjmptwadgjmptw administrator admin12345 admin123456 adminadmin admin@1234
  asdf123456 asdfasdfasdf asdfghjkl1 asdfghjkl123 asdfghjkl; asdfghjklzxcvbnm asdfqwer1234
  azertyuiop azertyuiop123 baseball123 basketball basketball1 blink182182 bismillah1 butterfly1
  butterfly123 california changeme12 changeme123 changemenow charlie123 chocolate1 chocolate123
  christopher computer123 correcthorsebatterystaple dragon1234 elizabeth1 facebook12 facebook123
  fantastic4 football12 football123 fuckyou123 fuckyou1234 hello12345 hello123456 hellohello
  hearth1234 hearth12345 hearthhearth helloworld helloworld1 homeassistant iloveyou12 iloveyou123
  iloveyou1234 iloveyou22 iloveyouforever iloveyousomuch internet123 jordan2323 justinbieber
  letmein123 letmein1234 letmeinnow liverpool1 liverpool123 manchester manchester1 metallica1
  michael123 mypassword mypassword1 mynoob1234 newpassword nirvana123 p@ssw0rd12 p@ssw0rd123
  p@ssword12 p@ssword123 pa$$w0rd12 pa$$word12 pass123456 pass1234567 passw0rd12 passw0rd123
  password00 password01 password10 password11 password12 password123 password1234 password12345
  password123! password1! password12! password2023 password2024 password2025 password2026
  password99 passwordpassword pokemon123 princess12 princess123 q1w2e3r4t5 q1w2e3r4t5y6 qazwsx1234
  qazwsxedc1 qazwsxedc123 qazwsxedcrfv qwe123qwe123 qwer123456 qwerasdfzxcv qwert12345
  qwert123456 qwerty1234 qwerty12345 qwerty123456 qwerty1234567 qwertyqwerty qwertyuiop
  qwertyuiop1 qwertyuiop12 qwertyuiop123 qwertyuiop[] qwertyuiopasdfghjkl raspberry1 raspberrypi
  raspberrypi4 raspberrypi5 rockyou123 secret1234 shadow1234 smarthome1 smarthome123 spiderman1
  spiderman123 starwars12 starwars123 summer2023 summer2024 summer2025 summer2026 sunshine12
  sunshine123 superman12 superman123 test123456 test1234567 testtest123 thisismypassword
  trustno1trustno1 unbelievable vfhbyfvfhbyf welcome123 welcome1234 welcome12345 welcome2024
  welcome2025 whatever12 whatever123 william123 winter2024 winter2025 winter2026 zaq12wsxcde3
  zaq1zaq1zaq1 zxcvbnm123 zxcvbnm1234 zxcvbnm12345 zxcvbnmasdfghjkl
  `
    .trim()
    .split(/\s+/),
);
