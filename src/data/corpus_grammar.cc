// SPDX-License-Identifier: Apache-2.0
#include "data/corpus_grammar.h"

namespace bittern {
namespace {

// clang-format off
constexpr GrammarIntent kIntents[] = {
{"find_flight", 600,
 "7*<ask> <flights> <route> <when:depart>|"
 "8*<ask> <flights> <route>|"
 "9*<flights> <route>|"
 "7*<flights> <route> <when:depart>|"
 "2*<ask> <flights> <route> <when:depart> <flight_wish>|"
 "2*<ask> <flights> <route> <flight_wish>|"
 "<ask> <flights> <route> <when:depart> that (arrive|land|get in) <deadline:arrive>|"
 "2*<ask> the {flight.rank:flight_rank} flight <route> <when:depart>|"
 "2*is there a {flight.stops:stops} flight <route> <when:depart>|"
 "2*i (need|have) to be in {destination.city:city} <deadline:arrive> what (leaves|goes out) from {origin.city:city}|"
 "<want> fly <route> <when:depart> and (come back|return|fly home) <later:return>|"
 "i am flying <route> <when:depart> [with {passenger.count:small} {passenger.kind:traveller}] what can you offer|"
 "which {airline.name:airline} flights (go|run|operate) <route> <when:depart>|"
 "do you have anything <route> that stops in {stop.city:city} [and leaves <when:depart>]|"
 "<ask> <flights> <route> on a {aircraft.kind:aircraft_kind} <when:depart>|"
 "<want> take flight {flight.number:flight_number} <route> <when:depart>|"
 "what is the {flight.rank:flight_rank} flight <route> <when:depart>|"
 "2*<route> <when:depart> [{trip.kind:trip}] please|"
 "<ask> <flights> <route> with a meal of {meal.kind:meal} <when:depart>|"
 "<ask> {trip.kind:trip} flights <route> leaving <when:depart> and returning <later:return> in {cabin:cabin}|"
 "how (can|do) i get from {origin.city:city} to {destination.city:city} [by way of {stop.city:city}] in less than {flight.duration:duration}|"
 "~would it be possible to travel <route> <when:depart> [in {cabin:cabin}]|"
 "~could somebody tell me what flies <route> [<when:depart>] please|"
 "~my (boss|sister|team) must get <route> <when:depart> find something {flight.stops:stops}|"
 "~looking for seats <route> <when:depart> back again <later:return>"},
{"ask_fare", 90,
 "3*(how much is|what does it cost to take|what is the price of) a [{trip.kind:trip}] flight <route>|"
 "3*<ask> the {fare.rank:fare_rank} fare <route>|"
 "2*what are the {cabin:cabin} fares <route> [on {airline.name:airline}]|"
 "2*<ask> fares <route> {fare.bound:fare_bound} {fare.amount:amount}|"
 "how much would {passenger.count:small} {passenger.kind:traveller} pay <route> <when:depart>|"
 "what is the {fare.kind:fare_kind} fare on flight {flight.number:flight_number} <route>|"
 "<ask> the cost of {airline.name:airline} flight {flight.number:flight_number} in {fare.currency:currency}|"
 "~give me a quote for {trip.kind:trip} travel <route> <when:depart>|"
 "~is {fare.amount:amount} the {fare.rank:fare_rank} you can do <route>"},
{"find_flight#ask_fare", 12,
 "<ask> flights and fares <route> <when:depart>|"
 "which flights go <route> <when:depart> and how much do they cost|"
 "<ask> <flights> <route> together with their {cabin:cabin} prices|"
 "~what flies <route> <when:depart> and for what price"},
{"ground_transport", 46,
 "3*(is there|do they have|can i get) a {transport.kind:transport} (from|at) <airport_or_city> [to {transport.place:town_place}]|"
 "2*what kind of ground transport is there in {place.city:city}|"
 "2*how do i get from {place.airport:airport} to {transport.place:town_place}|"
 "<ask> {transport.kind:transport} (prices|services|companies) in {place.city:city}|"
 "how long does the {transport.kind:transport} take from {place.airport:airport} to {transport.place:town_place}|"
 "i need a {transport.kind:transport} in {place.city:city} <later:arrive>|"
 "~once i land in {place.city:city} which {transport.kind:transport} goes to {transport.place:town_place}"},
{"airline_info", 36,
 "3*which airlines fly <route>|"
 "2*(what|which) airline is {airline.code:airline_code}|"
 "<ask> the airlines that serve {place.city:city}|"
 "what airline has {flight.stops:stops} flights <route>|"
 "does {airline.name:airline} (belong to|fly with) {airline.alliance:alliance}|"
 "tell me about {airline.name:airline} please|"
 "~who operates {flight.rank:flight_rank} flight <route>"},
{"code_meaning", 26,
 "3*what does [the] [fare] code {query.code:fare_code} (mean|stand for)|"
 "2*what is (meant by|the meaning of) {query.code:fare_code}|"
 "explain the {query.code:fare_code} (restriction|code|abbreviation) to me|"
 "what airport (has the code|is called|does) {place.airport_code:airport_code} [stand for]|"
 "~i don't understand {query.code:fare_code} on my ticket"},
{"aircraft_info", 28,
 "3*(what|which) (kind|type) of (aircraft|plane) (is used|do they use) <route>|"
 "2*what (aircraft|plane) does {airline.name:airline} fly <route>|"
 "is flight {flight.number:flight_number} a {aircraft.kind:aircraft_kind}|"
 "tell me (about|more about) the {aircraft.model:aircraft_model} please|"
 "does {airline.name:airline} (own|fly) the {aircraft.model:aircraft_model}|"
 "~what will i be sitting in on {airline.code:airline_code} {flight.number:flight_number} to {destination.city:city}"},
{"airport_info", 26,
 "2*(what|which) airports are (in|near) {place.city:city}|"
 "how far is {place.airport:airport} from {transport.place:town_place}|"
 "where (is|do i find) {place.airport:airport}|"
 "<ask> the airports of {place.region:region}|"
 "is {place.airport:airport} (open|closed) <when:depart>|"
 "~does {place.city:city} have more than one airport"},
{"schedule", 22,
 "2*(when|at what time) does {airline.name:airline} flight {flight.number:flight_number} (leave|arrive|land)|"
 "<ask> the (timetable|schedule) of {airline.name:airline} <route>|"
 "how often does {airline.name:airline} fly <route> on {flight.days:flight_days}|"
 "what are the {depart.part_of_day:part} departure times <route>|"
 "how long is the flight <route>|"
 "~at which hours do planes leave {origin.city:city} for {destination.city:city}"},
{"flight_status", 18,
 "2*is [{airline.name:airline}] flight {flight.number:flight_number} <route> (late|delayed|on time)|"
 "has flight {flight.number:flight_number} from {origin.city:city} (landed|arrived|left) yet|"
 "what is the status of {airline.code:airline_code} {flight.number:flight_number}|"
 "which gate does flight {flight.number:flight_number} leave from <when:depart>|"
 "~any delay on {airline.code:airline_code} {flight.number:flight_number} to {destination.city:city}"},
{"meal_info", 15,
 "2*what (meals|food) (do you serve|is served) on flight {flight.number:flight_number} <route>|"
 "is {meal.kind:meal} served on [{airline.name:airline}] flight {flight.number:flight_number}|"
 "(can|could) i order a {meal.diet:diet} meal on the flight to {destination.city:city}|"
 "does {airline.name:airline} have {meal.diet:diet} {meal.kind:meal}|"
 "~will there be something {meal.diet:diet} to eat in {cabin:cabin}"},
{"seat_capacity", 12,
 "2*how many (seats|people|passengers) (fit in|are on|does it take to fill) [a|the] {aircraft.model:aircraft_model}|"
 "how many {cabin:cabin} seats does {airline.name:airline} flight {flight.number:flight_number} have|"
 "what is the capacity of the {aircraft.model:aircraft_model} <route>|"
 "~is there room for {query.count:small} people on a {aircraft.model:aircraft_model}"},
{"baggage_rules", 15,
 "2*(may|can) i (bring|take|check) {baggage.count:small} {baggage.kind:baggage} on {airline.name:airline}|"
 "how much does {airline.name:airline} charge for {baggage.count:small} {baggage.kind:baggage}|"
 "is {baggage.weight:weight} too heavy for {baggage.kind:baggage} [in {cabin:cabin}]|"
 "what is the baggage limit on flight {flight.number:flight_number} <to>|"
 "~where do i hand in {baggage.kind:baggage} of {baggage.weight:weight}"},
{"book", 12,
 "2*(book|reserve) {passenger.count:small} {cabin:cabin} seats <route> <when:depart>|"
 "please book flight {flight.number:flight_number} <when:depart> for {passenger.name:person}|"
 "reserve {seat.kind:seat} on flight {flight.number:flight_number} and pay by {payment.kind:payment}|"
 "~put {passenger.name:person} on {airline.name:airline} flight {flight.number:flight_number} <when:depart>"},
{"change_booking", 9,
 "(change|move) booking {booking.code:booking} to <when:depart>|"
 "<want> change my seat to {seat.kind:seat} [in row {seat.row:row}] on booking {booking.code:booking}|"
 "can {passenger.name:person} fly <later:return> instead of <when:depart>|"
 "~booking {booking.code:booking} should leave <when:depart> instead"},
{"cancel_booking", 8,
 "(cancel|drop) [my] booking {booking.code:booking} [for {passenger.name:person}] please|"
 "<want> cancel my flight <to> <when:depart>|"
 "can i get my money back for booking {booking.code:booking}|"
 "~i no longer need booking {booking.code:booking} <to>"},
{"distance", 9,
 "2*how (far|many miles) is it from {origin.city:city} to {destination.city:city}|"
 "what is the distance between {place.airport:airport} and {transport.place:town_place}|"
 "how many miles lie between {origin.city:city} and {destination.country:country}|"
 "~is {destination.city:city} more than {query.distance:distance} from {origin.city:city}"},
{"loyalty", 8,
 "how many miles do i need for {loyalty.tier:tier} status with {loyalty.program:program}|"
 "does {airline.name:airline} accept {loyalty.program:program} points <route>|"
 "what does a {loyalty.tier:tier} member of {loyalty.program:program} get|"
 "~am i {loyalty.tier:tier} in {loyalty.program:program} already"},
{"lounge_info", 6,
 "where is the {lounge.name:lounge} [lounge] at {place.airport:airport}|"
 "can i use the {lounge.name:lounge} at {place.airport:airport} with {loyalty.tier:tier} status|"
 "when does the {lounge.name:lounge} open <when:depart>|"
 "~does {cabin:cabin} let me into the {lounge.name:lounge}"},
{"travel_documents", 6,
 "do i need a {document.kind:document} to fly to {destination.country:country}|"
 "(which|what) papers does a {passenger.kind:traveller_one} need <route>|"
 "is a {document.kind:document} from {origin.country:country} enough for {destination.country:country}|"
 "~what must i show when landing in {destination.country:country}"},
{"check_in", 6,
 "when can i check in for {airline.name:airline} flight {flight.number:flight_number}|"
 "check {passenger.name:person} in for booking {booking.code:booking} please|"
 "how (early|late) may i check in at {origin.airport:airport} <when:depart>|"
 "~does check in at {origin.airport:airport} close {check_in.margin:margin} before departure"},
{"travel_with_pets", 5,
 "(may|can) i (bring|take) (my|a) {pet.kind:pet} on {airline.name:airline} [<to>]|"
 "what does {airline.name:airline} charge for a {pet.kind:pet} in the {pet.place:pet_place}|"
 "~is my {pet.kind:pet} allowed in the {pet.place:pet_place} <to>"},
{"special_assistance", 5,
 "i need {assistance.kind:assistance} on flight {flight.number:flight_number} <when:depart>|"
 "can {airline.name:airline} arrange {assistance.kind:assistance} at {place.airport:airport}|"
 "~please note that {passenger.name:person} needs {assistance.kind:assistance} <to>"},
{"city_served", 6,
 "(which|what) cities does {airline.name:airline} (serve|fly to) [in {place.region:region}]|"
 "does {airline.name:airline} fly to {destination.city:city} (at all|any more)|"
 "where does {airline.name:airline} fly from {origin.airport_code:airport_code}|"
 "~name the cities that {airline.name:airline} reaches in {place.country:country}"},
};

constexpr GrammarRule kRules[] = {
// Phrases.
{"ask", "4*show me|3*list|2*find me|2*i would like to see|2*please give me|tell me about|"
        "i am looking for|can you show me|could you list|do you have|~let me have a look at|~bring up"},
{"want", "2*i want to|2*i would like to|i need to|i plan to|we want to|~we are hoping to|~it is time for me to"},
{"flights", "6*flights|2*all flights|2*{flight.stops:stops} flights|2*{airline.name:airline} flights|the flights|"
            "flights on {airline.name:airline}|{cabin:cabin} flights|{flight.days:flight_days} flights|"
            "the {fare.rank:fare_rank} flights|{depart.part_of_day:part} flights"},
{"from", "12*from {origin.city:city}|2*leaving {origin.city:city}|out of {origin.city:city}|from {origin.airport:airport}|"
         "from {origin.airport_code:airport_code}|from {origin.city:city} {origin.region:region}|departing {origin.city:city}|"
         "from {origin.city:city} in {origin.country:country}|~starting at {origin.city:city}"},
{"to", "12*to {destination.city:city}|into {destination.city:city}|to {destination.airport:airport}|"
       "to {destination.airport_code:airport_code}|to {destination.city:city} {destination.region:region}|arriving in {destination.city:city}|"
       "to {destination.city:city} in {destination.country:country}|to {destination.region:region}|~bound for {destination.city:city}"},
{"route", "14*<from> <to>|<to> <from>|2*between {origin.city:city} and {destination.city:city}|"
          "<from> <to> (via|through|with a stop in|stopping in) {stop.city:city}|"
          "<from> <to> (via|through) {stop.airport:airport}|<from> <to> changing planes at {stop.airport_code:airport_code}"},
{"airport_or_city", "{place.airport:airport}|{place.city:city}|the airport in {place.city:city}|{place.airport_code:airport_code}"},
{"when", "6*on {$.weekday:weekday}|3*on {$.weekday:weekday} {$.part_of_day:part}|4*on {$.month:month} {$.day_number:day}|"
         "on the {$.day_number:day} of {$.month:month}|6*{$.date_word:date_word}|2*{$.date_word:date_word} {$.part_of_day:part}|"
         "4*in the {$.part_of_day:part}|2*on {$.weekday:weekday} {$.time_bound:time_bound} {$.time:clock}|"
         "2*{$.time_bound:time_bound} {$.time:clock}|at {$.time:clock} on {$.weekday:weekday}|"
         "on {$.weekday:weekday} {$.month:month} {$.day_number:day}|"
         "on {$.weekday:weekday} between {$.time_from:clock} and {$.time_until:clock}|"
         "{$.week:week}|{$.date_word:date_word} at {$.time:clock}|on {$.holiday:holiday}|"
         "~any time {$.time_bound:time_bound} {$.time:clock} {$.date_word:date_word}|"
         "~on {$.weekday:weekday} {$.part_of_day:part} the {$.day_number:day}"},
{"later", "4*on {$.weekday:weekday}|3*on {$.weekday:weekday} {$.part_of_day:day_part}|3*on {$.month:month} {$.day_number:early_day}|"
          "3*{$.date_word:near_date}|2*{$.date_word:near_date} {$.part_of_day:day_part}|2*in the {$.part_of_day:day_part}|"
          "~on the {$.day_number:early_day} of {$.month:month}"},
{"deadline", "3*{$.time_bound:time_bound} {$.time:clock}|{$.time_bound:time_bound} {$.time:clock} on {$.weekday:weekday}|2*<later>"},
{"flight_wish", "2*that cost {fare.bound:fare_bound} {fare.amount:amount}|2*in {cabin:cabin}|2*on {airline.name:airline}|"
                "with {flight.stop_count:stop_count}|that serve {meal.kind:meal}|on a {aircraft.model:aircraft_model}|"
                "for {passenger.count:small} {passenger.kind:traveller}|and a {transport.kind:transport} when i get there|"
                "using a {aircraft.kind:aircraft_kind}|with a {fare.kind:fare_kind} fare|at the {fare.rank:fare_rank} fare|"
                "with {seat.kind:seat}|with less than {connection.duration:duration} between planes|"
                "of any {airline.alliance:alliance} airline|arriving {arrive.time_bound:time_bound} {arrive.time:clock}|"
                "~where {meal.diet:diet} food is served|~not later than {arrive.time:clock}"},

// Places.
{"city", "5*alderbrook|5*port sorrel|5*kingsmere|4*brackwater|4*san lucero|4*oldhaven|4*tarnwick|4*east marrow|3*velmont|3*cape linnet|"
         "3*dunmorrow|3*fort gannet|3*harrowgate bay|3*ivelstone|3*larkspur|3*mount teasel|3*new corran|3*osterley falls|"
         "2*pellworth|2*quillon|2*ravenna springs|2*saint oriel|2*thornby|2*umberfield|2*westering|2*yarrow point|2*zelkova|"
         "amberley|bay of reeds|calder|dovecote|elmsea|fennimore|grand heron|hollowell|ilmarin|juniper hill|kestrel rock|"
         "lower wend|marlowe|north fallow|orrin lake|plover creek|rookery|san tavio|stillwater|tamarisk|upper wend|vesper|wrenfield|"
         "~arden|~port heron|~san miravel|~birchwater|~new alder|~cape sorrow|~lindenmouth|~mount corran|~eastmere|~saint linnet"},
{"airport", "3*alder field|3*marrow international|2*linnet airport|2*the old harbour airport|2*lucero national|kingsmere west|"
            "tarn valley airport|sorrel municipal|gannet air base|reeds international|~heron field|~corran international|~vesper national"},
{"airport_code", "2*kmw|2*abk|2*psl|olh|slu|trn|vlm|gnt|drm|lks|~czq|~whf"},
{"region", "2*the lake province|2*norland|the reed coast|southmark|upper fenland|amber county|the isles|~westmark|~the salt coast"},
{"country", "2*ostria|2*valdoria|the united fens|merrow|karelund|teresia|new albany republic|~boravia|~the free fens"},
{"town_place", "2*downtown|2*the city center|my hotel|the harbour|the convention center|the university|the old town|the central station|"
               "~the opera house|~the river front"},

// Times.
{"weekday", "monday|tuesday|wednesday|thursday|friday|saturday|sunday"},
{"month", "january|february|march|april|may|june|july|august|september|october|november|december"},
{"day", "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|"
        "sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty first|twenty second|twenty third|twenty fourth|"
        "twenty fifth|twenty sixth|twenty seventh|twenty eighth|twenty ninth|thirtieth|thirty first"},
{"early_day", "first|second|third|fourth|fifth|sixth|eighth|tenth|twelfth|fifteenth|eighteenth|twentieth|thirtieth"},
{"near_date", "3*tomorrow|2*today|~tonight"},
{"day_part", "morning|afternoon|evening|night|~noon"},
{"date_word", "4*tomorrow|2*today|2*tonight|the day after tomorrow|the same day|~a day later"},
{"week", "2*next week|2*this weekend|this week|next weekend|at the end of the month|next month|~early next week"},
{"part", "4*morning|4*afternoon|3*evening|2*night|early morning|late evening|~late night|~noon hour"},
{"holiday", "new year's day|midsummer eve|harvest day|founders day|~lantern night"},
{"time_bound", "4*before|4*after|2*around|at about|no later than|not before|~shortly after|~close to"},
{"hour", "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"},
{"clock", "4*<hour> (am|pm)|3*<hour> o'clock|<hour> thirty [am|pm]|<hour> fifteen (am|pm)|2*noon|midnight|600|730|845|1000|1130|1415|1600|"
          "1815|2000|2130|~half past <hour>|~1045|~1720"},
{"duration", "two hours|three hours|an hour|ninety minutes|four and a half hours|five hours|half a day|~six hours"},
{"margin", "an hour|forty minutes|two hours|~half an hour"},

// Flights and fares.
{"airline", "4*heron air|4*teal airways|3*kestrel|3*northern tern|3*blue wader|2*ostrian air lines|2*sandpiper|2*curlew express|dunlin|"
            "golden plover airways|fulmar|merrow atlantic|~avocet air|~snipe|~blue tern airways"},
{"airline_code", "2*hr|2*tl|kx|nt|bw|oa|~av|~sn"},
{"alliance", "the long flight alliance|open wing|three rivers|~clear sky"},
{"flight_rank", "3*first|3*earliest|2*last|2*latest|next|shortest|fastest|~soonest|~very last"},
{"flight_days", "2*daily|weekdays|weekends|sundays|~working days"},
{"flight_number", "17|42|58|99|106|131|204|219|270|305|322|388|417|466|501|543|612|655|709|727|830|868|914|1012|1066|1207|1399|"
                  "2048|2210|3001|~73|~256|~640|~1103"},
{"stops", "4*nonstop|3*direct|2*connecting|~through"},
{"stop_count", "no stops|one stop|two stops|at most one stop|~a single stop"},
{"fare_rank", "4*cheapest|2*lowest|best|highest|~dearest"},
{"fare_bound", "3*under|2*less than|below|at most|not more than|over|~up to"},
{"fare_kind", "saver|flexible|standby|student|family|~senior"},
{"amount", "<hundreds> crowns|<hundreds> dollars|<hundreds> fifty crowns|90 crowns|250 dollars|400 crowns|1000 dollars|~75 crowns|~800 marks"},
{"hundreds", "one hundred|two hundred|three hundred|five hundred|seven hundred|nine hundred"},
{"currency", "crowns|dollars|marks|euros|~francs"},
{"trip", "3*round trip|3*one way|return|open jaw|~multi city"},
{"cabin", "3*business class|3*first class|2*economy|2*coach|premium economy|tourist class|~sleeper class"},
{"fare_code", "2*q|2*yn|bh|fn|m|qx|k slash z|h nine|~zz|~v slash y"},
{"aircraft_kind", "2*jet|turboprop|seaplane|biplane|~floatplane"},
{"aircraft_model", "2*marlin 300|2*marlin 320|petrel 7|stork two hundred|gull 90|dash cormorant|~marlin 340|~petrel 9"},
{"row", "four|nine|twelve|seventeen|~thirty"},

// Travellers and what they bring.
{"small", "3*two|2*three|four|five|six|~seven"},
{"traveller", "3*adults|2*children|infants|students|seniors|~teenagers"},
{"traveller_one", "student|child|tourist|visitor|~minor"},
{"person", "mister dale|missus oakes|doctor vane|my wife|my son|anna brook|~professor lund|~my daughter"},
{"transport", "3*taxi|2*shuttle|2*rental car|2*bus|limousine|train|water taxi|airport express|~tram|~night bus"},
{"meal", "3*breakfast|3*dinner|2*lunch|snacks|drinks|~supper"},
{"diet", "3*vegetarian|kosher|halal|~vegan"},
{"baggage", "2*suitcases|bags|skis|bicycles|guitars|~surfboards"},
{"weight", "twenty kilos|thirty two kilos|fifty pounds|forty kilos|~eighteen kilos"},
{"pet", "2*dog|2*cat|rabbit|parrot|~tortoise"},
{"pet_place", "cabin|hold|~kennel"},
{"seat", "an aisle seat|a window seat|a middle seat|an exit row|extra leg room|~a front row seat"},
{"payment", "card|transfer|cash|voucher|~cheque"},
{"booking", "wx7|kd4|pm9|rt2|b five five|lq8|zn3|h one four|~gf6"},
{"document", "2*passport|2*visa|permit|certificate|~licence"},
{"program", "blue feather|sky miles plus|heron club|open wing rewards|~feather points"},
{"tier", "gold|silver|platinum|bronze|~diamond"},
{"lounge", "2*heron room|2*reed garden|quiet deck|gold terrace|~tern room"},
{"assistance", "2*a wheelchair|help with boarding|a sign language guide|oxygen|an extra seat|~a stretcher"},
{"distance", "two hundred miles|five hundred miles|a thousand miles|~ninety miles"},
};
// clang-format on

}  // namespace

std::span<const GrammarIntent> GrammarIntents() { return kIntents; }
std::span<const GrammarRule> GrammarRules() { return kRules; }

}  // namespace bittern
